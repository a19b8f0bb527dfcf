package scenarios

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/uuid"
)

// Rows outlive that the image is not shared for a while. With its deletion they are
// gone for everybody, and they come back with it.
func TestMembersOutliveVisibility(t *testing.T) {
	w := newWorld(t)
	id := w.shared("other")
	for _, visibility := range []string{"private", "community", "public"} {
		w.seenAs(id, visibility)
		w.refused("GET /v2/images/" + id + "/members").want(403).says("Only shared images have members")
		w.refused("POST /v2/images/"+id+"/members", body(`{"member":"x"}`)).want(403)
	}
	w.seenAs(id, "shared")
	w.call("GET /v2/images/"+id+"/file", as("other")).want(200).is("shared bytes")
	w.call("GET /v2/images/"+id+"/members", as("other")).want(200).says(`"member_id":"other"`)
	w.call("DELETE /v2/images/" + id).want(204)
	for _, who := range []string{"member", "other", "admin"} {
		w.refused("GET /v2/images/"+id+"/members", as(who)).want(404)
		w.refused("GET /v2/images/"+id+"/members/other", as(who)).want(404)
		w.refused("PUT /v2/images/"+id+"/members/other", as(who), body(`{"status":"accepted"}`)).want(404)
		w.refused("DELETE /v2/images/"+id+"/members/other", as(who)).want(404)
		w.refused("POST /v2/images/"+id+"/members", as(who), body(`{"member":"x"}`)).want(404)
	}
	w.listedFor("other", id, "")
	w.call(w.restore(id), as("admin")).want(200)
	w.call("GET /v2/images/"+id+"/members/other", as("other")).want(200).says(`"status":"pending"`)
	w.listedFor("other", id, "pending")
}

// A member sees and answers its own row alone; an owner that shares with itself
// cannot answer itself.
func TestRowsOfOthers(t *testing.T) {
	w := newWorld(t)
	id := w.shared("other", "service", "demo")
	for _, who := range []string{"other", "guest"} {
		for _, project := range []string{"service", "demo", "admin"} {
			line := " /v2/images/" + id + "/members/" + project
			w.refused("GET"+line, as(who)).want(404).says(project + " not found in the member list")
			w.refused("PUT"+line, as(who), body(`{"status":"accepted"}`)).want(404)
			w.refused("DELETE"+line, as(who)).want(404)
		}
	}
	own := " /v2/images/" + id + "/members/demo"
	w.refused("PUT"+own, body(`{"status":"accepted"}`)).want(403)
	w.refused("PUT"+own, as("reader"), body(`{"status":"accepted"}`)).want(403)
	w.call("PUT"+own, as("admin"), body(`{"status":"accepted"}`)).want(200)
	w.call("DELETE" + own).want(204)
}

// An operator's rules for rows: who may not see them lists none, and who may
// change what others said does.
func TestMemberPolicies(t *testing.T) {
	file := filepath.Join(t.TempDir(), "policy.yaml")
	rules := "get_member: 'role:admin or role:service'\nmodify_member: 'role:admin or project_id:%(owner)s'\n"
	if err := os.WriteFile(file, []byte(rules), 0o600); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, "GANDER_POLICY_FILE="+file)
	id := w.shared("other", "service")
	members := "/v2/images/" + id + "/members"
	w.call("GET " + members).want(200).is(`{"members":[],"schema":"/v2/schemas/members"}`)
	w.call("GET "+members, as("service")).want(200).says(`"member_id":"service"`)
	w.call("GET "+members, as("admin")).want(200).says(`"member_id":"other"`)
	w.refused("GET "+members+"/other", asJSON).want(404).says("get_member")
	w.refused("PUT "+members+"/other", body(`{"status":"accepted"}`), asJSON).want(403).says("get_member")
	w.refused("PUT "+members+"/service", as("service"), body(`{"status":"accepted"}`), asJSON).want(403).says("modify_member")
	w.refused("DELETE "+members+"/other", asJSON).want(403).says("get_member")
	w.call("PUT "+members+"/other", as("admin"), body(`{"status":"accepted"}`)).want(200)
}

// Whoever may not see an image is told of none, whatever the rules for its members
// say.
func TestMemberPoliciesAreBelowTheImages(t *testing.T) {
	file := filepath.Join(t.TempDir(), "policy.yaml")
	rules := "get_image: 'role:admin'\n"
	for _, rule := range []string{"add_member", "get_member", "get_members", "modify_member", "delete_member"} {
		rules += rule + ": '@'\n"
	}
	if err := os.WriteFile(file, []byte(rules), 0o600); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, "GANDER_POLICY_FILE="+file)
	id := w.sharedWith("shared", "pending")
	members := "/v2/images/" + id + "/members"
	for _, who := range []string{"member", "other", "admin"} {
		for _, c := range []struct{ line, sent string }{
			{"GET " + members, ""},
			{"GET " + members + "/other", ""},
			{"PUT " + members + "/other", `{"status":"accepted"}`},
			{"POST " + members, `{"member":"third"}`},
			{"DELETE " + members + "/other", ""},
		} {
			options := []option{as(who)}
			if c.sent != "" {
				options = append(options, body(c.sent))
			}
			if who != "admin" {
				w.refused(c.line, options...).want(404).says("The resource could not be found.")
			} else if got := w.call(c.line, options...); got.status >= 300 {
				t.Errorf("%s as %s: answered %d", c.line, who, got.status)
			}
		}
	}
}

// A snapshot of a server by somebody of another project, as Nova makes it: the
// image belongs to the admin's project, and the server's project is a member
// before there is any data, which never answers.
func TestSnapshotForAnotherProject(t *testing.T) {
	w := newWorld(t)
	id := w.made(`{"visibility":"shared","disk_format":"qcow2","container_format":"bare","image_type":"snapshot","instance_uuid":"`+uuid.NewString()+`"}`, as("admin"))
	w.refused("GET /v2/images/"+id, as("other")).want(404)
	w.call("POST /v2/images/"+id+"/members", as("admin"), body(`{"member":"other"}`)).want(200).says(`"status":"pending"`)
	w.call("GET /v2/images/"+id, as("other")).want(200).says(`"status":"queued"`)
	w.call("PUT /v2/images/"+id+"/file", as("admin"), octets("a disk")).want(204)
	w.call("GET /v2/images/"+id, as("other")).want(200).says(`"owner":"admin"`)
	w.call("GET /v2/images/"+id+"/file", as("other")).want(200).is("a disk")
	w.refused("GET /v2/images/"+id+"/file", as("guest")).want(403)
	w.listedFor("other", id, "pending")
	w.call("GET /v2/images", as("other")).want(200).says(`"images":[]`)
	w.refused("DELETE /v2/images/"+id, as("other")).want(403)
	w.call("GET /v2/images/"+id, as("other")).want(200)
	w.call("DELETE /v2/images/"+id, as("admin")).want(204)
	w.refused("GET /v2/images/"+id, as("other")).want(404)
	w.refused("DELETE /v2/images/"+id, as("other")).want(404)
}
