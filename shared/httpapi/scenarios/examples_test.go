package scenarios

import (
	"path/filepath"
	"slices"
	"testing"
)

// byExample starts a service with one of the policies that we ship.
func byExample(t *testing.T, name string) *world {
	t.Helper()
	file, err := filepath.Abs("../../../docs/examples/" + name + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	return newWorld(t, "GANDER_POLICY_FILE="+file)
}

// The manager of a project brings back what it deleted, and says who beyond it
// sees its images; of other projects it learns nothing.
func TestExampleManagerAsAdminOfAProject(t *testing.T) {
	w := byExample(t, "manager-project-admin")
	id, gone := w.filled("abc"), w.filled("def")
	foreign := w.made(`{}`, as("other"))
	w.call("DELETE /v2/images/" + gone).want(204)
	w.call("DELETE /v2/images/"+foreign, as("other")).want(204)

	w.refused("GET /gander/v1/images/deleted").want(403)
	w.refused(w.restore(gone)).want(403)
	if listed := w.deleted("manager", ""); !slices.Equal(listed, []string{gone}) {
		t.Errorf("the manager is shown %v as deleted, want %v", listed, []string{gone})
	}
	w.refused(w.restore(foreign), as("manager")).want(403)
	w.call(w.restore(gone), as("manager")).want(200)
	w.call("GET /v2/images/" + gone + "/file").want(200).is("def")

	path := "/v2/images/" + id
	w.refused("POST " + path + "/actions/deactivate").want(403)
	w.call("POST "+path+"/actions/deactivate", as("manager")).want(204)
	w.refused("GET " + path + "/file").want(403)
	w.refused("POST " + path + "/actions/reactivate").want(403)
	w.call("POST "+path+"/actions/reactivate", as("manager")).want(204)
	w.refused("POST "+path+"/members", body(`{"member":"other"}`)).want(403)
	w.call("POST "+path+"/members", as("manager"), body(`{"member":"other"}`)).want(200)
	w.refused("PATCH "+path, replaced("visibility", `"community"`)).want(403)
	w.refused("PATCH "+path, as("manager"), replaced("visibility", `"public"`)).want(403)
	w.call("PATCH "+path, replaced("name", `"still the members'"`)).want(200)
	w.call("DELETE " + path).want(204)
}

// A reader reads, bytes included, and changes nothing.
func TestExampleReadOnly(t *testing.T) {
	w := byExample(t, "read-only")
	id := w.filled("abc")
	path := "/v2/images/" + id
	w.call("GET "+path, as("reader")).want(200)
	w.call("GET "+path+"/file", as("reader")).want(200).is("abc")
	w.call("GET /v2/images", as("reader")).want(200).says(id)
	for _, c := range []struct {
		line string
		sent option
	}{
		{"POST /v2/images", body(`{}`)},
		{"PATCH " + path, replaced("name", `"x"`)},
		{"PUT " + path + "/file", octets("x")},
		{"PUT " + path + "/tags/x", body("")},
		{"POST " + path + "/members", body(`{"member":"other"}`)},
		{"POST " + path + "/actions/deactivate", body("")},
		{"DELETE " + path, body("")},
	} {
		w.refused(c.line, c.sent, as("reader")).want(403)
	}
	w.refused("GET "+path+"/file", as("guest")).want(404)
	w.refused("GET "+path+"/file", as("nobody")).want(404)
}

// An image is changed by who made it, and by the managers of the project.
func TestExamplePerUserOwner(t *testing.T) {
	w := byExample(t, "per-user-owner")
	id := w.filled("abc")
	queued := w.made(bootable)
	path := "/v2/images/" + id
	w.call("GET "+path, as("second")).want(200)
	w.call("GET "+path+"/file", as("second")).want(200).is("abc")
	for _, c := range []struct {
		line string
		sent option
	}{
		{"PATCH " + path, replaced("name", `"x"`)},
		{"PATCH " + path, replaced("visibility", `"community"`)},
		{"PUT " + path + "/tags/x", body("")},
		{"PUT /v2/images/" + queued + "/file", octets("x")},
		{"POST " + path + "/members", body(`{"member":"other"}`)},
		{"POST " + path + "/actions/deactivate", body("")},
		{"DELETE " + path, body("")},
	} {
		w.refused(c.line, c.sent, as("second")).want(403)
	}
	// What the image says of its user, as Nova writes it, makes nobody its creator.
	w.call("PATCH "+path, v21(`[{"op":"add","path":"/user_id","value":"moe"},{"op":"add","path":"/creator_user_id","value":"moe"}]`)).want(200)
	w.refused("DELETE "+path, as("second")).want(403)
	w.call("PATCH "+path, as("manager"), replaced("name", `"kept"`)).want(200)
	w.call("DELETE "+path, as("manager")).want(204)
	w.call("PUT /v2/images/"+queued+"/file", octets("x")).want(204)
	w.call("DELETE /v2/images/" + queued).want(204)
	w.made(`{"visibility":"community"}`, as("second"))
}

// The value of a key takes a service beside the user, whoever the user is; a service
// lends no right that its user lacks, and a snapshot copies no key without one.
func TestExampleServiceKeys(t *testing.T) {
	w := byExample(t, "service-keys")
	id := w.secret(payloadMark)
	vouched := header("X-Service-Token", tokenOf("robot"))
	value := "GET " + secretsURL + "/" + id + "/payload"
	text := header("Accept", "text/plain")
	for _, c := range []struct {
		who            string
		alone, vouched int
	}{
		{"member", 403, 200}, {"manager", 403, 200}, {"admin", 403, 200}, {"reader", 403, 403}, {"robot", 404, 404}, {"other", 404, 404},
	} {
		w.refused(value, text, as(c.who), named(c.who)).want(c.alone)
		w.call(value, text, as(c.who), vouched, named(c.who+", vouched for")).want(c.vouched)
	}
	w.call("GET "+secretsURL+"/"+id, as("reader")).want(200)

	source := w.lockedSource(id)
	w.refused(snapshots, aSnapshot(`,"source_image_id":"`+source+`"`)).want(403)
	w.call(snapshots, aSnapshot(`,"source_image_id":"`+source+`"`), vouched).want(201)

	at := secretsURL + "/" + id + "/acl"
	w.refused("PUT "+at, jsonBody(`{"read":{"users":["otto"]}}`)).want(403)
	w.call("PUT "+at, jsonBody(`{"read":{"users":["otto"]}}`), as("manager")).want(200)
	w.refused(value, text, as("other"), named("listed")).want(403)
	w.call(value, text, as("other"), vouched, named("listed, vouched for")).want(200).is(payloadMark)
}
