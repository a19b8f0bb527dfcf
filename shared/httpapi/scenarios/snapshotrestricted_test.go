package scenarios

import (
	"strings"
	"testing"
)

const ownersOnly = "[^x_billing_code_.*]\ncreate = admin\nread = admin\nupdate = admin\ndelete = admin\n"

// What restricts downloads is a property that callers neither see nor set. A snapshot
// takes it along, and a restored image has it still.
func TestRestrictedThroughSnapshotAndRestore(t *testing.T) {
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
