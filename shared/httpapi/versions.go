package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
)

// currentVersion is the contract that this service keeps.
const currentVersion = "2.17"

// minorVersions are in the order in which a service with stores and without a
// cache prints them.
//
// Source: glance/api/versions.py, Controller.index.
var minorVersions = []string{
	"2.15", "2.13", "2.12", "2.11", "2.10", "2.9", "2.8", currentVersion,
	"2.7", "2.6", "2.5", "2.4", "2.3", "2.2", "2.1", "2.0",
}

func versionList(_ context.Context, s *Services, r *Request) (*Response, error) {
	if r.route.path == "/" {
		return versionsAnswer(s, http.StatusMultipleChoices), nil
	}
	return versionsAnswer(s, http.StatusOK), nil
}

type versionsDocument struct {
	Versions []versionEntry `json:"versions"`
}

type versionEntry struct {
	ID     string `json:"id"`
	Status string `json:"status"`
	Links  []link `json:"links"`
}

type link struct {
	Rel  string `json:"rel"`
	Href string `json:"href"`
}

func versionsAnswer(s *Services, status int) *Response {
	var doc versionsDocument
	for _, v := range minorVersions {
		state := "SUPPORTED"
		if v == currentVersion {
			state = "CURRENT"
		}
		doc.Versions = append(doc.Versions, versionEntry{
			ID: "v" + v, Status: state, Links: []link{{Rel: "self", Href: s.PublicEndpoint + "/v2/"}},
		})
	}
	return jsonAnswer(status, doc)
}

// jsonAnswer is an answer whose body is v, which can always be written as JSON.
func jsonAnswer(status int, v any) *Response {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err) // ours alone
	}
	return &Response{Status: status, Body: body}
}
