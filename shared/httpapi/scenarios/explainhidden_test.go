package scenarios

import (
	"strings"
	"testing"
)

// coded starts a service in which admins alone see a property "secret", nobody one
// called "blind", and rules look at both; and returns an image that has them.
func coded(t *testing.T) (w *world, id string) {
	t.Helper()
	w = protected(t, "[^secret$]\ncreate = admin,member\nread = admin\nupdate = admin\ndelete = admin\n[^blind$]\ncreate = member\nread = !\nupdate = !\ndelete = !\n"+everyOther, "GANDER_POLICY_FILE="+fileOf(t, "policy.yaml", `
"coded": "'hush':%(secret)s"
"download_image": "role:admin or role:member and not rule:coded"
"blinded": "'hush':%(blind)s"
"upload_image": "rule:coded"
"deactivate": "role:keeper and rule:coded"
"delete_image": "role:member and 'plain':%(kind)s"
`))
	return w, w.made(`{"secret":"hush","kind":"plain","blind":"hush"}`)
}

// An explanation is no way to the values of properties that are hidden from who
// asks.
func TestExplanationsHideProperties(t *testing.T) {
	w, id := coded(t)
	ask := func(rule string) string { return `{"rule":"` + rule + `","image_id":"` + id + `"}` }
	for question, want := range map[string]string{
		ask("download_image"): "or=?[role:admin=false and=?[role:member=true not=?[rule:coded=?['hush':%(secret)s=?]]]]",
		ask("upload_image"):   "rule:coded=?['hush':%(secret)s=?]",
		ask("deactivate"):     "and=false[role:keeper=false ~rule:coded=?[~'hush':%(secret)s=?]]",
		ask("delete_image"):   "and=true[role:member=true 'plain':%(kind)s=true]",
	} {
		x := w.explained(question)
		if got := x.Tree.String(); got != want {
			t.Errorf("%s: got %s, want %s", question, got, want)
		}
		decided := map[string]bool{"download_image": false, "upload_image": true, "deactivate": false, "delete_image": true}
		if x.Allowed != decided[x.Rule] {
			t.Errorf("%s: allowed %v", question, x.Allowed)
		}
	}
	// What acting would not tell, asking does not.
	for _, question := range []string{
		ask("coded"),
		`{"rule":"download_image","image_id":"` + id + `","caller":{"user_id":"mia","project_id":"demo","roles":["member"]}}`,
		`{"rule":"deactivate","image_id":"` + id + `","caller":{"user_id":"mia","roles":["keeper"]}}`,
		`{"rule":"coded","image_id":"` + id + `","caller":{"user_id":"mia","project_id":"demo","roles":["admin"]}}`, // who asks reads, not whom it is about
	} {
		w.refused(explainPath, named(question), asJSON, body(question)).want(403).says("depends on a property that you may not read")
	}
	w.call(explainPath, named("about a target"), body(`{"rule":"coded","target":{"secret":"x"}}`)).want(200).says(`"allowed":false`)
	if x := w.explained(ask("coded"), as("admin")); !x.Allowed || x.Tree.String() != "'hush':%(secret)s=true" {
		t.Errorf("an admin is told %v", x)
	}
	about := `{"rule":"coded","image_id":"` + id + `","caller":{"user_id":"mia","project_id":"demo","roles":["member"]}}`
	if x := w.explained(about, as("admin")); !x.Allowed || x.Tree.String() != "'hush':%(secret)s=true" {
		t.Errorf("an admin is told %v about a member", x)
	}
	if x := w.explained(ask("blinded"), as("admin")); !x.Allowed || x.Tree.String() != "'hush':%(blind)s=?" {
		t.Errorf("an admin is told %v of what nobody reads", x)
	}
	// The line of a denial tells that the check failed, and nothing that it was held against.
	w.refused("GET /v2/images/"+id+"/file", asked("req-hidden")).want(403)
	if line := w.line("req-hidden"); strings.Contains(strings.ReplaceAll(w.logged(), "'hush':%(secret)s", ""), "hush") {
		t.Errorf("logged %v", line)
	}
}
