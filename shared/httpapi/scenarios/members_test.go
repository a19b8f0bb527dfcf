package scenarios

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
)

// shared makes an image with data and a row for each project.
func (w *world) shared(projects ...string) (id string) {
	w.t.Helper()
	id = w.filled("shared bytes")
	for _, project := range projects {
		w.call("POST /v2/images/"+id+"/members", body(`{"member":"`+project+`"}`)).want(200)
	}
	return id
}

// seenAs moves an image to another visibility, as an admin.
func (w *world) seenAs(id, visibility string) {
	w.t.Helper()
	w.call("PATCH /v2/images/"+id, as("admin"), body(`[{"op":"replace","path":"/visibility","value":"`+visibility+`"}]`),
		header("Content-Type", "application/openstack-images-v2.1-json-patch")).want(200)
}

// memberFields is one row of an answer without its times, which are checked.
func memberFields(t *testing.T, m map[string]any) string {
	t.Helper()
	for _, key := range []string{"created_at", "updated_at"} {
		if s, _ := m[key].(string); len(s) != len(timeFormat) || !strings.HasSuffix(s, "Z") {
			t.Errorf("%s is %v", key, m[key])
		}
		delete(m, key)
	}
	return mustJSON(t, m)
}

// listedFor holds that an image which is shared with somebody is listed for them
// by the status of their row alone; with none, not at all.
func (w *world) listedFor(who, id, status string) {
	w.t.Helper()
	for _, query := range []string{"pending", "accepted", "rejected", "all"} {
		got := w.call("GET /v2/images?member_status="+query, as(who)).want(200)
		if listed := strings.Contains(string(got.body), id); listed != (status != "" && (query == status || query == "all")) {
			w.t.Errorf("%s: with a row that says %q it lists %s", got.line, status, got.body)
		}
	}
}

// What the calls answer, from the first to the last moment of a row. The image
// shows nothing of it.
func TestMembers(t *testing.T) {
	w := newWorld(t)
	id := strings.ToUpper(uuid.NewString())
	w.made(`{"id":"` + id + `"}`)
	shown := string(w.call("GET /v2/images/" + id).want(200).body)
	members := "/v2/images/" + strings.ToLower(id) + "/members"
	row := func(status string) string {
		return fmt.Sprintf(`{"image_id":%q,"member_id":"other","schema":"/v2/schemas/member","status":%q}`, id, status)
	}
	w.call("GET "+members).want(200).is(`{"members":[],"schema":"/v2/schemas/members"}`).has("Content-Type", "application/json")
	added := w.call("POST "+members, body(`{"member":"other","status":"accepted","id":5}`)).want(200).has("Content-Type", "application/json")
	if !strings.HasPrefix(string(added.body), `{"member_id":"other","image_id":"`+id+`","status":"pending","created_at":"`) {
		t.Errorf("added %s", added.body)
	}
	schema := w.call("GET /v2/schemas/member").want(200).fields()["properties"].(map[string]any)
	for key := range added.fields() {
		if schema[key] == nil {
			t.Errorf("the schema does not tell of %q", key)
		}
	}
	if got := memberFields(t, added.fields()); len(schema) != 6 || got != row("pending") {
		t.Errorf("added %s, by the schema %v", got, schema)
	}
	for _, status := range []string{"accepted", "rejected", "rejected", "pending", "accepted"} {
		set := w.call("PUT "+members+"/other", as("other"), body(`{"status":"`+status+`","member":"demo"}`)).want(200)
		if got := memberFields(t, set.fields()); got != row(status) {
			t.Errorf("set %s", got)
		}
		w.call("GET "+members+"/other", as("guest")).want(200).is(string(set.body))
		w.listedFor("other", id, status)
		w.call("GET " + members).want(200).is(`{"members":[` + string(set.body) + `],"schema":"/v2/schemas/members"}`)
	}
	w.call("DELETE "+members+"/other").want(204).is("").has("Content-Length", "")
	w.refused("DELETE " + members + "/other").want(404).says("other not found in the member list of the image " + id)
	w.refused("GET "+members, as("other")).want(404)
	w.refused("GET /v2/images/"+id, as("other")).want(404)
	w.call("POST "+members, body(`{"member":"other"}`)).want(200).says(`"status":"pending"`)
	w.call("GET "+members+"/other", as("other")).want(200).says(`"status":"pending"`)
	w.call("GET /v2/images/" + id).want(200).is(shown)
}

// What member-create and member-update say about bodies, in the order in which
// they look. Statuses are Glance's where it does not crash.
func TestMemberBodies(t *testing.T) {
	w := newWorld(t)
	id, missing := w.shared("other"), uuid.NewString()
	long := strings.Repeat("🐧", 255)
	for _, c := range []struct {
		line, who, sent string
		status          int
		says            string
	}{
		{"POST", "member", ``, 400, "Body expected in request."},
		{"POST", "member", `{`, 400, "Malformed JSON in request body."},
		{"POST", "member", `"other"`, 400, "Unexpected body type"},
		{"POST", "member", `["other"]`, 400, "Unexpected body type"},
		{"POST", "member", `[{"member":"x"}]`, 400, "Unexpected body type"},
		{"POST", "member", `{}`, 400, "Member to be added not specified"},
		{"POST", "member", `{"Member":"x"}`, 400, "Member to be added not specified"},
		{"POST", "member", `{"member":""}`, 400, "Member can't be empty"},
		{"POST", "member", `{"member":null}`, 400, "Member can't be empty"},
		{"POST", "member", `{"member":"x","member":""}`, 400, "Member can't be empty"},
		{"POST", "member", `{"member":5}`, 400, "must be a string"},
		{"POST", "member", `{"member":false}`, 400, "must be a string"},
		{"POST", "member", `{"member":["x"]}`, 400, "must be a string"},
		{"POST", "member", `{"member":{"member":"x"}}`, 400, "must be a string"},
		{"POST", "member", `{"member":"` + long + `x"}`, 400, "256 characters long"},
		{"POST", "member", `{"member":"\ud83d"}`, 400, "half of a surrogate pair"},
		{"POST", "member", "{\"member\":\"\xff\"}", 400, "not valid UTF-8"},
		{"POST", "member", `{"member":"other"}`, 409, "Member other is duplicated for image " + id},
		{"POST", "guest", `{"member":""}`, 400, "Member can't be empty"},
		{"POST", "guest", `{"member":"other"}`, 403, ""},
		{"POST " + missing, "member", `{"member":""}`, 400, "Member can't be empty"},
		{"POST " + missing, "member", `{"member":"x"}`, 404, "No image found with ID " + missing},
		{"PUT", "other", ``, 400, "Body expected in request."},
		{"PUT", "other", `[]`, 400, "Unexpected body type"},
		{"PUT", "other", `{}`, 400, "Status not specified"},
		{"PUT", "other", `{"member":"other"}`, 400, "Status not specified"},
		{"PUT " + missing, "other", `{}`, 400, "Status not specified"},
		{"PUT " + missing, "other", `{"status":"hungry"}`, 404, "No image found with ID " + missing},
		{"PUT", "service", `{"status":"hungry"}`, 404, "No image found with ID " + id},
		{"PUT", "member", `{"status":"hungry"}`, 403, "modify_member"},
		{"PUT", "guest", `{"status":"hungry"}`, 403, "modify_member"},
		{"PUT", "other", `{"status":"hungry"}`, 400, "Status must be"},
		{"PUT", "other", `{"status":"Accepted"}`, 400, "Status must be"},
		{"PUT", "other", `{"status":""}`, 400, "Status must be"},
		{"PUT", "other", `{"status":null}`, 400, "Status must be"},
		{"PUT", "other", `{"status":1e400}`, 400, "Status must be"},
		{"PUT", "other", `{"status":["accepted"]}`, 400, "Status must be"},
		{"PUT", "admin", `{"status":{}}`, 400, "Status must be"},
		{"POST", "member", `{"member":"` + long + `","n":1e400}`, 200, `"member_id":"` + long},
		{"POST", "member", `{"member":" a b\u0000#\"\\<&>é"}`, 200, `"member_id":" a b\u0000#\"\\<&>é"`},
		{"POST", "member", `{"member":"Other"}`, 200, `"member_id":"Other"`},
		{"POST", "member", `{"member":"demo"}`, 200, `"member_id":"demo"`},
		{"PUT", "other", `{"status":"pending","status":"accepted"}`, 200, `"status":"accepted"`},
	} {
		method, image, other := strings.Cut(c.line, " ")
		if !other {
			image = id
		}
		line := method + " /v2/images/" + image + "/members"
		if method == "PUT" {
			line += "/other"
		}
		if c.status == 200 {
			w.call(line, as(c.who), body(c.sent), asJSON).want(200).says(c.says)
		} else {
			w.refused(line, as(c.who), body(c.sent), header("Accept", "text/plain")).want(c.status).says(c.says)
		}
		if t.Failed() {
			t.Fatalf("%s sent %.200s", c.who, c.sent)
		}
	}
	for _, line := range []string{"GET /members", "GET /members/other", "DELETE /members/other"} {
		method, path, _ := strings.Cut(line, " ")
		w.refused(method+" /v2/images/"+id+path, body(`{}`)).want(400).says("A body is not expected with this request.")
	}
}

// Paths that lead to no row, and what a path may name.
func TestMemberPaths(t *testing.T) {
	w := newWorld(t)
	id := w.shared("other", "a b%#🐧", strings.Repeat("x", 255))
	members := "/v2/images/" + id + "/members"
	for _, project := range []string{"other", "a b%#🐧", strings.Repeat("x", 255)} {
		w.call("GET " + members + "/" + url.PathEscape(project)).want(200).says(`"member_id":"` + project + `"`)
		w.call("PUT "+members+"/"+url.PathEscape(project), as("admin"), body(`{"status":"rejected"}`)).want(200).says(`"status":"rejected"`)
		w.refused("PUT "+members+"/"+url.PathEscape(project), body(`{"status":"accepted"}`)).want(403)
	}
	for _, path := range []string{"/Other", "/othe", "/other%20", "/" + strings.Repeat("x", 256), "/a%2Fb", "/other/", "/other/x", "/"} {
		w.refused("GET " + members + path).want(404)
		w.refused("DELETE " + members + path).want(404)
	}
	w.refused("PUT "+members, body(`{}`)).want(405).has("Allow", "GET, POST")
	w.refused("POST "+members+"/other", body(`{}`)).want(405).has("Allow", "GET, PUT, DELETE")
	w.refused("POST "+members+"/", body(`{}`)).want(404) // a path of nobody's, not that of a row
	w.refused("HEAD " + members).want(405)
	for _, path := range []string{"/v2/images/x/members", "/v2/images/" + uuid.NewString() + "/members"} {
		w.refused("GET " + path).want(404).says("No image found with ID")
		w.refused("GET " + path + "/other").want(404).says("No image found with ID")
		w.refused("DELETE " + path + "/other").want(404).says("No image found with ID")
	}
	w.call("DELETE " + members + "/" + url.PathEscape("a b%#🐧")).want(204)
}

// An image may have as many members as the quota says, and one more is refused,
// whoever it is, before anybody looks whether it has a row.
func TestMemberQuota(t *testing.T) {
	for _, c := range []struct {
		quota    string
		projects []string
	}{{"0", nil}, {"1", []string{"a"}}, {"2", []string{"a", "b"}}} {
		w := newWorld(t, "GANDER_IMAGE_MEMBER_QUOTA="+c.quota)
		id := w.shared(c.projects...)
		for _, more := range append(slices.Clone(c.projects), "more") {
			w.refused("POST /v2/images/"+id+"/members", body(`{"member":"`+more+`"}`)).want(413).
				says(fmt.Sprintf("Attempted: %d, Maximum: %s", len(c.projects)+1, c.quota))
		}
		for _, project := range c.projects {
			w.call("DELETE /v2/images/" + id + "/members/" + project).want(204)
			w.call("POST /v2/images/"+id+"/members", body(`{"member":"instead of `+project+`"}`)).want(200)
		}
	}
	w := newWorld(t, "GANDER_IMAGE_MEMBER_QUOTA=-1")
	w.shared("a", "b", "c")
}

// With room for 8, of 16 who share an image at once 8 are told that they did.
func TestMemberQuotaHoldsForCallersAtOnce(t *testing.T) {
	w := newWorld(t, "GANDER_IMAGE_MEMBER_QUOTA=8")
	id := w.shared()
	answers := make([]int, 16)
	var all sync.WaitGroup
	for n := range answers {
		all.Go(func() {
			for { // whoever lost too often is told 409, and asks again
				got := w.call("POST /v2/images/"+id+"/members", body(fmt.Sprintf(`{"member":"project-%d"}`, n)))
				if answers[n] = got.status; got.status != http.StatusConflict {
					return
				}
			}
		})
	}
	all.Wait()
	slices.Sort(answers)
	if slices.Index(answers, 413) != 8 || answers[7] != 200 || answers[15] != 413 {
		t.Errorf("the answers are %v", answers)
	}
	var list struct{ Members []any }
	w.call("GET /v2/images/" + id + "/members").want(200).into(&list)
	if len(list.Members) != 8 {
		t.Errorf("the image has %d members", len(list.Members))
	}
}
