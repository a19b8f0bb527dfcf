package scenarios

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
)

func TestImageTags(t *testing.T) {
	w := newWorld(t)
	id := w.made(`{"tags":["b"],"x":"y"}`)
	public := w.made(`{"visibility":"public","owner":"demo","tags":["b"]}`, as("admin"))
	for _, tag := range []string{
		"a", "a", "A", "with blank", " blanks around ", "per%cent", "a+b", "a;b", "ü", strings.Repeat("🐧", 255), "..", `"quoted"`, "a#b", "%2F",
	} {
		path := "/v2/images/" + id + "/tags/" + url.PathEscape(tag)
		w.call("PUT " + path).want(204).is("")
		if !hasTag(w, id, tag) {
			t.Errorf("%q was not added", tag)
		}
		w.call("PUT "+path, named("again")).want(204).is("")
	}
	for _, tag := range []string{"a", " blanks around ", strings.Repeat("🐧", 255), "%2F"} {
		path := "/v2/images/" + strings.ToUpper(id) + "/tags/" + url.PathEscape(tag)
		w.call("DELETE " + path).want(204).is("")
		w.refused("DELETE " + path).want(404)
		if hasTag(w, id, tag) {
			t.Errorf("%q was not removed", tag)
		}
	}
	w.call("GET /v2/images/" + id).want(200).says(`"x":"y"`).says(`"A"`)
	for _, c := range []struct {
		line, who string
		status    int
	}{
		{"PUT /v2/images/" + id + "/tags/" + strings.Repeat("t", 256), "member", 400},
		{"PUT /v2/images/" + noImage + "/tags/" + strings.Repeat("t", 256), "member", 400},
		{"DELETE /v2/images/" + id + "/tags/" + strings.Repeat("t", 256), "member", 404},
		{"PUT /v2/images/" + id + "/tags/", "member", 404},
		{"PUT /v2/images/" + id + "/tags/a/b", "member", 404},
		{"DELETE /v2/images/" + id + "/tags/absent", "member", 404},
		{"GET /v2/images/" + id + "/tags/b", "member", 405},
		{"PUT /v2/images/" + id + "/tags/c", "reader", 403},
		{"DELETE /v2/images/" + id + "/tags/b", "reader", 403},
		{"DELETE /v2/images/" + id + "/tags/absent", "reader", 403},
		{"PUT /v2/images/" + id + "/tags/c", "other", 404},
		{"DELETE /v2/images/" + id + "/tags/b", "nobody", 404},
		{"PUT /v2/images/" + public + "/tags/c", "other", 403},
		{"DELETE /v2/images/" + public + "/tags/b", "other", 403},
		{"PUT /v2/images/" + noImage + "/tags/c", "admin", 404},
		{"DELETE /v2/images/" + noImage + "/tags/c", "admin", 404},
	} {
		w.refused(c.line, as(c.who)).want(c.status)
	}
	w.refused("PUT /v2/images/"+id+"/tags/c", body("{}")).want(400).says("A body is not expected")
	w.refused("DELETE /v2/images/"+id+"/tags/b", body("{}")).want(400).says("A body is not expected")
	w.call("PUT /v2/images/"+public+"/tags/c", as("admin")).want(204)
}

func hasTag(w *world, id, tag string) bool {
	w.t.Helper()
	tags, _ := w.call("GET /v2/images/" + id).want(200).fields()["tags"].([]any)
	for _, has := range tags {
		if has == tag {
			return true
		}
	}
	return false
}

// An image may have as many tags as the limit says, and none is lost to it.
func TestTagLimit(t *testing.T) {
	w := newWorld(t, "GANDER_IMAGE_TAG_QUOTA=3")
	id := w.made(`{}`)
	for n := range 3 {
		w.call(fmt.Sprintf("PUT /v2/images/%s/tags/%d", id, n)).want(204)
	}
	w.refused("PUT /v2/images/" + id + "/tags/3").want(413).says("Attempted: 4, Maximum: 3")
	w.call("PUT /v2/images/" + id + "/tags/2").want(204)
	w.call("DELETE /v2/images/" + id + "/tags/0").want(204)
	w.call("PUT /v2/images/" + id + "/tags/3").want(204)
}
