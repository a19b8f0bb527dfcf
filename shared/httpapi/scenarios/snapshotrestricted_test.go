package scenarios

import (
	"strings"
	"testing"
)

// restrictedByBoth are the tables of what is restricted, with the rules and the images
// that each is about.
var restrictedByBoth = map[string]struct {
	rules, table string
	images       func(*world) map[string]string
}{
	"the rule of 2014": {ruleOf2014, tableOf2014, (*world).coded},
	"the composition":  {"", tableOfComposition, func(w *world) map[string]string { return w.owned(w.coded()) }},
}

// What restricts downloads goes along into snapshots, and comes back with what was
// deleted: each table holds of the images, of the snapshots that admins make of them,
// and of those once they have been deleted and restored.
func TestRestrictedThroughSnapshotAndRestore(t *testing.T) {
	for name, c := range restrictedByBoth {
		t.Run(name, func(t *testing.T) {
			if c.rules == "" {
				c.rules = shipped(t, "")
			}
			w := protected(t, ownersOnly+everyOther, "GANDER_POLICY_FILE="+fileOf(t, "policy.yaml", c.rules))
			images := c.images(w)
			for what, id := range images {
				images[what] = w.snapshotLike(id)
			}
			w.holdTable(c.table, images)
			for _, id := range images {
				w.call("DELETE /v2/images/"+id, as("admin")).want(204)
				w.call(w.restore(id), as("admin")).want(200)
			}
			w.holdTable(c.table, images)
		})
	}
}

// snapshotLike has an admin make a snapshot of an image, and give it to whom the image
// belongs and is shown.
func (w *world) snapshotLike(source string) string {
	w.t.Helper()
	like := w.call("GET /v2/images/"+source, as("admin")).want(200).fields()
	made := w.call(snapshots, as("admin"), aSnapshot(`,"source_image_id":"`+source+`"`)).want(201).fields()
	id, _ := made["id"].(string)
	if made["x_billing_code_ntt"] != like["x_billing_code_ntt"] {
		w.t.Fatalf("the snapshot of %v is %v", like, made)
	}
	w.call("PATCH /v2/images/"+id, as("admin"), v21(`[{"op":"replace","path":"/disk_format","value":"raw"},{"op":"replace","path":"/container_format","value":"bare"}]`)).want(200)
	w.call("PUT /v2/images/"+id+"/file", as("admin"), octets(hidden)).want(204)
	w.call("DELETE /v2/images/"+id+"/members/demo", as("admin")).want(204)
	if like["visibility"] == "shared" {
		w.call("POST /v2/images/"+id+"/members", as("admin"), body(`{"member":"other"}`)).want(200)
	}
	owner, _ := like["owner"].(string)
	w.call("PATCH /v2/images/"+id, as("admin"), v21(`[{"op":"replace","path":"/owner","value":"`+owner+`"}]`)).want(200)
	visibility, _ := like["visibility"].(string)
	w.call("PATCH /v2/images/"+id, as("admin"), v21(`[{"op":"replace","path":"/visibility","value":"`+visibility+`"}]`)).want(200)
	return id
}

const ownersOnly = "[^x_billing_code_.*]\ncreate = admin\nread = admin\nupdate = admin\ndelete = admin\n"

// The mark goes along whoever makes the snapshot: callers neither see it, nor say
// otherwise, nor set it.
func TestRestrictedSnapshotsOfUsers(t *testing.T) {
	w := protected(t, ownersOnly+everyOther, "GANDER_POLICY_FILE="+fileOf(t, "policy.yaml", shipped(t, "")))
	source := w.holding("other", "public", code)
	from := `,"source_image_id":"` + source + `"`
	w.refused(snapshots, aSnapshot(from+`,"properties":{"x_billing_code_ntt":"free"}`)).want(403)
	w.refused(snapshots, aSnapshot(from+`,"properties":{"x_billing_code_ntt":"ntt_3251"}`)).want(403)
	w.refused(snapshots, aSnapshot(from+`,"properties":{"x_billing_code_new":"x"}`)).want(403)
	made := w.call(snapshots, aSnapshot(from)).want(201)
	if strings.Contains(string(made.body), "x_billing_code") {
		t.Errorf("the caller is shown what is hidden: %s", made.body)
	}
	id, _ := made.fields()["id"].(string)
	w.call("PATCH /v2/images/"+id, v21(`[{"op":"replace","path":"/disk_format","value":"raw"},{"op":"replace","path":"/container_format","value":"bare"}]`)).want(200)
	w.call("PUT /v2/images/"+id+"/file", octets(hidden)).want(204)
	hold := func(what string) {
		t.Helper()
		for who, want := range map[string]string{"admin": "yes", "member": "403", "manager": "403", "reader": "403", "other": "404"} {
			w.taken(id, what, who, want)
		}
		w.call("GET /v2/images/"+id, as("admin")).want(200).says(`"x_billing_code_ntt":"ntt_3251"`)
	}
	hold("a snapshot")
	w.call("DELETE /v2/images/" + id).want(204)
	w.call(w.restore(id), as("admin")).want(200)
	hold("a snapshot that came back")
}
