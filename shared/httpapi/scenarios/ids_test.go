package scenarios

import (
	"strings"
	"testing"
)

// Any letter case of an id leads to its image, by every call; answers have it as
// it was given.
func TestIDsInAnyLetterCase(t *testing.T) {
	w := newWorld(t)
	for i, form := range []func(string) string{strings.ToLower, strings.ToUpper, mixedCase} {
		id := "aBcDeF0" + string(rune('0'+i)) + "-1111-4222-8333-444444ABCDEF"
		w.made(`{"id":"` + id + `","name":"x","disk_format":"raw","container_format":"bare"}`)
		asked := form(id)
		path := "/v2/images/" + asked
		shown := func(got *answer) {
			t.Helper()
			got.want(200).says(`"` + id + `"`)
			if asked != id && strings.Contains(string(got.body), `"`+asked+`"`) {
				t.Errorf("%s: answered %s", got.line, got.body)
			}
		}
		w.call("POST "+path+"/members", body(`{"member":"other"}`)).want(200).says(`"image_id":"` + id + `"`)
		w.refused("POST "+path+"/members", body(`{"member":"other"}`)).want(409)
		shown(w.call("PUT "+path+"/members/other", as("other"), body(`{"status":"accepted"}`)))
		shown(w.call("GET "+path+"/members/other", as("other")))
		shown(w.call("GET " + path + "/members"))
		w.call("PUT " + path + "/tags/t").want(204)
		w.call("DELETE " + path + "/tags/t").want(204)
		w.call("PUT "+path+"/file", octets("abc"), header("X-Openstack-Image-Size", "5")).want(400)
		shown(w.call("GET " + path + "/tasks"))
		w.call("PUT "+path+"/file", octets("abc")).want(204)
		w.call("GET "+path+"/file", as("other")).want(200).is("abc")
		w.call("POST " + path + "/actions/deactivate").want(204)
		w.call("POST " + path + "/actions/reactivate").want(204)
		shown(w.call("PATCH "+path, replaced("name", `"x"`)))
		shown(w.call("GET " + path))
		shown(w.call("GET "+path, as("other")))
		shown(w.call("GET /v2/images?id=in:x," + asked))
		w.call("GET /v2/images?sort=created_at:asc&marker=" + asked).want(200).says(`"images":[]`)
		w.call("DELETE " + path + "/members/other").want(204)
		w.call("DELETE " + path).want(204)
		w.refused("POST /v2/images", body(`{"id":"`+asked+`"}`)).want(409)
		w.call("GET /v2/images?marker="+asked, as("admin")).want(200)
		w.call("GET /gander/v1/images/deleted?marker="+asked, as("admin")).want(200).says(`"images":[]`)
		shown(w.call("GET /gander/v1/images/deleted?limit=1", as("admin")))
		shown(w.call(w.restore(asked), as("admin")))
	}
}

// mixedCase turns every other letter around.
func mixedCase(id string) string {
	mixed := []byte(strings.ToLower(id))
	for i := 0; i < len(mixed); i += 2 {
		mixed[i] = strings.ToUpper(string(mixed[i]))[0]
	}
	return string(mixed)
}

// A deleted image is not there, whoever asks for whatever of it, though it can
// still be restored.
func TestDeletedImagesAreNotThere(t *testing.T) {
	w := newWorld(t)
	id := w.made(`{"visibility":"public","owner":"demo","tags":["t"],"disk_format":"raw","container_format":"bare"}`, as("admin"))
	path := "/v2/images/" + id
	w.call("PUT "+path+"/file", octets("abc"), header("X-Openstack-Image-Size", "5")).want(400)
	w.call("PUT "+path+"/file", octets("abc")).want(204)
	w.call("DELETE " + path).want(204)
	for _, who := range []string{"member", "reader", "other", "admin", "service"} {
		for _, c := range []struct {
			line string
			sent option
		}{
			{"GET " + path, nil},
			{"GET " + path + "/file", nil},
			{"GET " + path + "/tasks", nil},
			{"GET " + path + "/members", nil},
			{"GET " + path + "/members/other", nil},
			{"POST " + path + "/members", body(`{"member":"other"}`)},
			{"PUT " + path + "/members/other", body(`{"status":"accepted"}`)},
			{"DELETE " + path + "/members/other", nil},
			{"PATCH " + path, replaced("name", `"x"`)},
			{"PATCH " + path, v21(`[]`)},
			{"PUT " + path + "/tags/u", nil},
			{"DELETE " + path + "/tags/t", nil},
			{"PUT " + path + "/file", octets("abc")},
			{"POST " + path + "/actions/deactivate", nil},
			{"POST " + path + "/actions/reactivate", nil},
			{"DELETE " + path, nil},
		} {
			options := []option{as(who), named(who)}
			if c.sent != nil {
				options = append(options, c.sent)
			}
			w.refused(c.line, options...).want(404)
		}
		for _, query := range []string{"", "&id=" + id, "&visibility=all", "&status=deleted", "&status=active", "&deleted=true"} {
			w.call("GET /v2/images?limit=5"+query, as(who)).want(200).says(`"images":[]`)
		}
	}
}
