package scenarios

import (
	"fmt"
	"strings"
	"testing"
)

// sharingCalls are the calls of the table below, in its order.
var sharingCalls = []struct{ line, sent string }{
	{"GET /v2/images/ID", ""},
	{"GET /v2/images/ID/file", ""},
	{"GET /v2/images/ID/members", ""},
	{"GET /v2/images/ID/members/other", ""},
	{"PUT /v2/images/ID/members/other", `{"status":"STATUS"}`}, // which it has
	{"POST /v2/images/ID/members", `{"member":"third"}`},
	{"DELETE /v2/images/ID/members/other", ""},
}

// sharingTable says who is answered what. The image is demo's, unless nobody's;
// "member" and "reader" are demo's, as "nobody", who has no role of use; "other"
// and "guest", a reader, are those of the project other, whose row has the status;
// "service" belongs to another project yet.
//
// Source: glance/db/sqlalchemy/api.py, is_image_visible, then
// glance/api/v2/image_members.py and the rules of glance/policies/image.py.
const sharingTable = `
image      row       who      show  file  list  row   set   add   remove
shared     accepted  member   200   200   200   200   403   200   204
shared     accepted  reader   200   403   200   200   403   403   403
shared     accepted  nobody   404   404   404   404   404   404   404
shared     pending   other    200   200   200   200   200   403   403
shared     accepted  other    200   200   200   200   200   403   403
shared     rejected  other    200   200   200   200   200   403   403
shared     pending   guest    200   403   200   200   403   403   403
shared     accepted  guest    200   403   200   200   403   403   403
shared     rejected  guest    200   403   200   200   403   403   403
shared     accepted  service  404   404   404   404   404   404   404
shared     accepted  admin    200   200   200   200   200   200   204
private    accepted  member   200   200   403   404   403   403   403
private    accepted  reader   200   403   403   404   403   403   403
private    accepted  nobody   404   404   403   404   403   403   403
private    pending   other    404   404   404   404   404   404   404
private    accepted  other    404   404   404   404   404   404   404
private    rejected  other    404   404   404   404   404   404   404
private    pending   guest    404   404   404   404   404   404   404
private    accepted  guest    404   404   404   404   404   404   404
private    rejected  guest    404   404   404   404   404   404   404
private    accepted  service  404   404   404   404   404   404   404
private    accepted  admin    200   200   403   404   403   403   403
community  accepted  member   200   200   403   404   403   403   403
community  accepted  reader   200   403   403   404   403   403   403
community  accepted  nobody   404   404   403   404   403   403   403
community  pending   other    200   200   403   404   403   403   403
community  accepted  other    200   200   403   404   403   403   403
community  rejected  other    200   200   403   404   403   403   403
community  pending   guest    200   403   403   404   403   403   403
community  accepted  guest    200   403   403   404   403   403   403
community  rejected  guest    200   403   403   404   403   403   403
community  accepted  service  200   200   403   404   403   403   403
community  accepted  admin    200   200   403   404   403   403   403
public     accepted  member   200   200   403   404   403   403   403
public     accepted  reader   200   403   403   404   403   403   403
public     accepted  nobody   404   404   403   404   403   403   403
public     pending   other    200   200   403   404   403   403   403
public     accepted  other    200   200   403   404   403   403   403
public     rejected  other    200   200   403   404   403   403   403
public     pending   guest    200   403   403   404   403   403   403
public     accepted  guest    200   403   403   404   403   403   403
public     rejected  guest    200   403   403   404   403   403   403
public     accepted  service  200   200   403   404   403   403   403
public     accepted  admin    200   200   403   404   403   403   403
nobody's   accepted  member   200   200   200   404   404   403   404
nobody's   accepted  reader   200   403   200   404   404   403   404
nobody's   accepted  nobody   404   404   404   404   404   404   404
nobody's   pending   other    200   200   200   200   200   403   403
nobody's   accepted  other    200   200   200   200   200   403   403
nobody's   rejected  other    200   200   200   200   200   403   403
nobody's   pending   guest    200   403   200   200   403   403   403
nobody's   accepted  guest    200   403   200   200   403   403   403
nobody's   rejected  guest    200   403   200   200   403   403   403
nobody's   accepted  service  200   200   200   404   404   403   404
nobody's   accepted  admin    200   200   200   200   200   200   204
`

// TestWhoMaySeeAndShare holds every cell of the table: the answer, that what is
// refused changes nothing, and who is shown which rows.
func TestWhoMaySeeAndShare(t *testing.T) {
	w := newWorld(t)
	images := map[string]string{}
	cells := 0
	for line := range strings.Lines(strings.TrimSpace(sharingTable)) {
		f := strings.Fields(line)
		if f[0] == "image" {
			continue
		}
		visibility, status, who := f[0], f[1], f[2]
		id := images[visibility+status]
		if id == "" {
			id = w.sharedWith(visibility, status)
			images[visibility+status] = id
		}
		for i, c := range sharingCalls {
			call := strings.NewReplacer("ID", id).Replace(c.line)
			options := []option{as(who), named(strings.Join(f[:3], " "))}
			if c.sent != "" {
				options = append(options, body(strings.NewReplacer("STATUS", status).Replace(c.sent)))
			}
			cells++
			if want := f[3+i]; want[0] == '4' {
				w.refused(call, options...).want(int(want[0]-'0')*100 + int(want[2]-'0'))
				continue
			}
			got := w.call(call, options...)
			if fmt.Sprint(got.status) != f[3+i] {
				t.Errorf("%s: answered %d, want %s\n%s", got.line, got.status, f[3+i], got.body)
			}
			w.undo(c.line, id, status, got)
		}
	}
	t.Logf("%d cells of image × row × caller × call", cells)
	if want := 5 * 11 * len(sharingCalls); cells != want {
		t.Errorf("the table has %d cells, not %d", cells, want)
	}
}

// sharedWith makes an image with data that is shared with the project other and
// with demo's own, and then moves it to the visibility.
func (w *world) sharedWith(visibility, status string) (id string) {
	w.t.Helper()
	owner := `"demo"`
	if visibility == "nobody's" {
		owner, visibility = "null", "shared"
	}
	id = w.made(`{"owner":`+owner+`,"disk_format":"raw","container_format":"bare"}`, as("admin"))
	w.call("PUT /v2/images/"+id+"/file", as("admin"), octets("data")).want(204)
	w.call("POST /v2/images/"+id+"/members", as("admin"), body(`{"member":"other"}`)).want(200)
	w.call("POST /v2/images/"+id+"/members", as("admin"), body(`{"member":"fourth"}`)).want(200)
	w.call("PUT /v2/images/"+id+"/members/other", as("admin"), body(`{"status":"`+status+`"}`)).want(200)
	if visibility != "shared" {
		w.seenAs(id, visibility)
	}
	return id
}

// undo holds what a call showed or did, and takes it back.
func (w *world) undo(line, id, status string, got *answer) {
	w.t.Helper()
	members := "/v2/images/" + id + "/members"
	switch line {
	case "GET /v2/images/ID/file":
		got.is("data")
	case "POST /v2/images/ID/members":
		got.says(`"member_id":"third"`).says(`"status":"pending"`)
		w.call("DELETE "+members+"/third", as("admin")).want(204)
	case "DELETE /v2/images/ID/members/other":
		w.refused("GET /v2/images/"+id+"/members/other", as("admin")).want(404)
		w.call("POST "+members, as("admin"), body(`{"member":"other"}`)).want(200)
		w.call("PUT "+members+"/other", as("admin"), body(`{"status":"`+status+`"}`)).want(200)
	case "GET /v2/images/ID/members":
		w.wantShown(id, got)
	}
}

// wantShown holds that owner and admins are shown all rows, others their own.
func (w *world) wantShown(id string, got *answer) {
	w.t.Helper()
	var list struct {
		Members []struct {
			ID string `json:"member_id"`
		}
	}
	got.into(&list)
	var shown []string
	for _, m := range list.Members {
		shown = append(shown, m.ID)
	}
	image := w.call("GET /v2/images/"+id, as("admin")).want(200).fields()
	want := map[string]string{"admin": "fourth other", "other": "other", "guest": "other"}
	if image["owner"] == "demo" {
		want["member"], want["reader"] = "fourth other", "fourth other"
	}
	who := strings.TrimSuffix(got.line[strings.LastIndex(got.line, " ")+1:], ")")
	if all := strings.Join(shown, " "); all != want[who] {
		w.t.Errorf("%s: shows %q, want %q", got.line, all, want[who])
	}
}
