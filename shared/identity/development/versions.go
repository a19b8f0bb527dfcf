package development

import "net/http"

// The version that Keystone's v3 documents itself as.
const (
	versionID      = "v3.14"
	versionUpdated = "2020-04-07T00:00:00Z"
)

type link struct {
	Rel  string `json:"rel"`
	Href string `json:"href"`
}

type mediaType struct {
	Base string `json:"base"`
	Type string `json:"type"`
}

type versionDocument struct {
	ID         string      `json:"id"`
	Status     string      `json:"status"`
	Updated    string      `json:"updated"`
	Links      []link      `json:"links"`
	MediaTypes []mediaType `json:"media-types"`
}

func (i *Identity) v3() versionDocument {
	return versionDocument{
		ID: versionID, Status: "stable", Updated: versionUpdated,
		Links:      []link{{Rel: "self", Href: i.endpoint + "/v3/"}},
		MediaTypes: []mediaType{{Base: "application/json", Type: "application/vnd.openstack.identity-v3+json"}},
	}
}

// versions answers GET /identity, with 300 as Keystone does.
//
// Source: keystone/api/discovery.py.
func (i *Identity) versions(*call) (*answer, error) {
	type list struct {
		Values []versionDocument `json:"values"`
	}
	return &answer{
		status: http.StatusMultipleChoices,
		header: http.Header{"Location": {i.endpoint + "/v3/"}},
		body:   map[string]list{"versions": {Values: []versionDocument{i.v3()}}},
	}, nil
}

func (i *Identity) version(*call) (*answer, error) {
	return ok(map[string]versionDocument{"version": i.v3()})
}
