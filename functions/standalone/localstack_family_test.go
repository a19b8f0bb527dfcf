//go:build localstack && clients

package main

import (
	"net/http"
	"strings"
	"testing"
)

const jsonPatch = "Content-Type: application/openstack-images-v2.1-json-patch"

// testLocalChanges changes an image, shares it and takes it back, forbids its
// download and allows it again.
func testLocalChanges(t *testing.T) {
	s := deployed(t)
	u, other := s.as("gander"), s.as("gander-other")
	project := projectOf(t, s.gophercloud("gander-other"))
	image := "/v2/images/" + u.uploaded([]byte("to share"))
	patched := u.call("PATCH "+image, strings.NewReader(`[{"op": "replace", "path": "/name", "value": "renamed ä"}]`), jsonPatch).want(http.StatusOK)
	if name := patched.image()["name"]; name != "renamed ä" {
		t.Errorf("the image is now called %v", name)
	}
	u.call("PUT "+image+"/tags/two%20words", nil).want(http.StatusNoContent)
	if tags := u.call("GET "+image, nil).want(http.StatusOK).image()["tags"].([]any); len(tags) != 1 || tags[0] != "two words" {
		t.Errorf("its tags are %q", tags)
	}
	u.call("DELETE "+image+"/tags/two%20words", nil).want(http.StatusNoContent)

	member := image + "/members/" + project
	u.call("POST "+image+"/members", strings.NewReader(`{"member": "`+project+`"}`)).want(http.StatusOK)
	other.call("PUT "+member, strings.NewReader(`{"status": "accepted"}`)).want(http.StatusOK)
	for _, path := range []string{image + "/members", member} {
		if a := u.call("GET "+path, nil).want(http.StatusOK); !strings.Contains(string(a.body), "accepted") {
			t.Errorf("%s is answered %s", path, a.body)
		}
	}
	if list := other.call("GET /v2/images?limit=1000", nil).want(http.StatusOK); !strings.Contains(string(list.body), image) {
		t.Errorf("the member lists %s", list.body)
	}
	u.call("POST "+image+"/actions/deactivate", nil).want(http.StatusNoContent)
	other.call("GET "+image+"/file", nil).want(http.StatusForbidden)
	u.call("POST "+image+"/actions/reactivate", nil).want(http.StatusNoContent)
	other.call("GET "+image+"/file", nil).want(http.StatusOK)
	u.call("DELETE "+member, nil).want(http.StatusNoContent)
	other.call("GET "+image, nil).want(http.StatusNotFound)
	u.call("DELETE "+image, nil).want(http.StatusNoContent)
}

// testLocalAfterwards reads what an upload left that came to nothing, and brings
// back what was deleted.
func testLocalAfterwards(t *testing.T) {
	s := deployed(t)
	u, admin := s.as("gander"), s.as("gander-admin")
	image := "/v2/images/" + u.create("afterwards")
	u.call("PUT "+image+"/file", strings.NewReader("short"), "X-Openstack-Image-Size: 100").want(http.StatusBadRequest)
	tasks := u.call("GET "+image+"/tasks", nil).want(http.StatusOK).image()["tasks"].([]any)
	if len(tasks) != 1 {
		t.Fatalf("a short upload leaves %v", tasks)
	}
	admin.call("GET /v2/tasks/"+tasks[0].(map[string]any)["id"].(string), nil).want(http.StatusOK)

	u.call("PUT "+image+"/file", strings.NewReader("whole")).want(http.StatusNoContent)
	u.call("HEAD "+strings.Replace(image, "/v2", "/v1", 1), nil).want(http.StatusOK)
	u.call("DELETE "+image, nil).want(http.StatusNoContent)
	explained := u.call("POST /gander/v1/policy/explain", strings.NewReader(`{"rule": "delete_image"}`)).want(http.StatusOK)
	if !strings.Contains(string(explained.body), `"allowed"`) {
		t.Errorf("an explanation: %s", explained.body)
	}
	admin.call("GET /gander/v1/health", nil).want(http.StatusOK)

	if list := admin.call("GET /gander/v1/images/deleted", nil).want(http.StatusOK); !strings.Contains(string(list.body), image) {
		t.Errorf("what was deleted: %s", list.body)
	}
	restore := strings.Replace(image, "/v2", "/gander/v1", 1) + "/restore"
	u.call("POST "+restore, nil).want(http.StatusForbidden)
	admin.call("POST "+restore, nil).want(http.StatusOK)
	if a := u.call("GET "+image+"/file", nil).want(http.StatusOK); string(a.body) != "whole" {
		t.Errorf("what came back is %q", a.body)
	}
	u.call("DELETE "+image, nil).want(http.StatusNoContent)
}
