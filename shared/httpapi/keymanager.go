package httpapi

import (
	"context"
	"net/http"
	"strings"
)

// keyManager begins the paths of the key manager API.
//
// Source: Barbican API Reference.
const keyManager = "/key-manager"

// KeyManagerVersionList tells which versions of the key manager API there are.
var KeyManagerVersionList = Operation{
	Name: "keymanager-version-list", Methods: []string{"GET"}, Paths: []string{keyManager, keyManager + "/v1"},
	Public: true, Body: Ignored, Serve: versioned(keyManagerVersions),
}

// ofKeyManager reports whether a path is one of the key manager API, whoever serves
// it.
func ofKeyManager(path string) bool {
	return path == keyManager || strings.HasPrefix(path, keyManager+"/")
}

// keyManagerVersions answers clients that look for the API, and for the versions that
// differ in details. An answer to an old version has no such details.
//
// Source: barbican/api/controllers/versions.py.
func keyManagerVersions(_ context.Context, s *Services, r *Request) (*Response, error) {
	old := r.microversion == 0
	info := keyManagerVersion{
		ID: "v1", Status: "CURRENT", Min: microversionText(0), Max: microversionText(newestMicroversion),
		Links: []versionLink{
			{Rel: "self", Href: s.PublicEndpoint + keyManager + "/v1/"},
			{Rel: "describedby", Type: "text/html", Href: "https://docs.openstack.org/"},
		},
	}
	if old {
		info.Status, info.Min, info.Max = "stable", "", ""
		info.Media = []versionMedia{{Base: "application/json", Type: "application/vnd.openstack.key-manager-v1+json"}}
	}
	switch {
	case r.route.path != keyManager:
		return jsonAnswer(http.StatusOK, map[string]any{"version": info}), nil
	case old:
		values := map[string]any{"values": []keyManagerVersion{info}}
		return jsonAnswer(http.StatusMultipleChoices, map[string]any{"versions": values}), nil
	}
	return jsonAnswer(http.StatusMultipleChoices, map[string]any{"versions": []keyManagerVersion{info}}), nil
}

type keyManagerVersion struct {
	ID     string         `json:"id"`
	Status string         `json:"status"`
	Min    string         `json:"min_version,omitempty"`
	Max    string         `json:"max_version,omitempty"`
	Links  []versionLink  `json:"links"`
	Media  []versionMedia `json:"media-types,omitempty"`
}

type versionLink struct {
	Rel  string `json:"rel"`
	Type string `json:"type,omitempty"`
	Href string `json:"href"`
}

type versionMedia struct {
	Base string `json:"base"`
	Type string `json:"type"`
}
