package scenarios

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// silentNotFound is what an answer says that tells nothing but its status.
const silentNotFound = "The resource could not be found."

// failedUpload has the upload of an image fail, and returns the image's id.
func (w *world) failedUpload(who string, request option) string {
	w.t.Helper()
	id := w.made(`{"visibility":"shared","disk_format":"raw","container_format":"bare"}`, as(who))
	w.call("PUT /v2/images/"+id+"/file", as(who), octets("abc"), header("X-Openstack-Image-Size", "5"), request).want(400)
	return id
}

// matches holds the whole answer to a pattern, in which ID stands for an image,
// TIME for a time with microseconds and SECOND for one without.
func (a *answer) matches(id, pattern string) []string {
	a.t.Helper()
	const day = `20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d`
	pattern = strings.NewReplacer("ID", id, "TIME", day+`\.\d{6}`, "SECOND", day+"Z").Replace(pattern)
	found := regexp.MustCompile("^" + pattern + "$").FindStringSubmatch(string(a.body))
	if found == nil {
		a.t.Fatalf("%s: answered\n%s, want\n%s", a.line, a.body, pattern)
	}
	return found
}

// An upload that failed leaves a task, in whose two forms the owner and an admin
// read why.
func TestFailedUploadsLeaveTheirReason(t *testing.T) {
	w := newWorld(t)
	id := w.failedUpload("member", header("X-Openstack-Request-Id", "req-failing"))
	const message = `"The size of the data differs from the declared size of 5 bytes\."`
	work := fmt.Sprintf(`"input":{"backend":\["%s"\],"image_id":"ID"},"result":null,"message":%s`, w.store, message)
	list := w.call("GET /v2/images/"+strings.ToUpper(id)+"/tasks").want(200).has("Content-Type", "application/json").matches(id,
		`\{"tasks":\[\{"id":"([-0-9a-f]{36})","type":"upload","status":"failure","owner":"demo","image_id":"ID","request_id":"req-failing","user_id":"mia",`+
			work+`,"expires_at":"TIME","deleted":false,"deleted_at":null,"created_at":"TIME","updated_at":"TIME"\}\]\}`)
	w.call("GET /v2/tasks/"+list[1], as("admin")).want(200).has("Content-Type", "application/json").matches(id,
		`\{"id":"`+list[1]+`","type":"upload","status":"failure","owner":"demo",`+work+
			`,"image_id":"ID","request_id":"req-failing","user_id":"mia","expires_at":"SECOND","created_at":"SECOND","updated_at":"SECOND",`+
			`"self":"/v2/tasks/`+list[1]+`","schema":"/v2/schemas/task"\}`)

	w.call("PUT /v2/images/"+id+"/file", octets("toolong"), header("X-Openstack-Image-Size", "3")).want(400)
	var both struct{ Tasks []struct{ Message string } }
	w.call("GET /v2/images/" + id + "/tasks").want(200).into(&both)
	if len(both.Tasks) != 2 || !strings.Contains(both.Tasks[0].Message, "5 bytes") || !strings.Contains(both.Tasks[1].Message, "3 bytes") {
		t.Errorf("two uploads failed, and their tasks are %+v", both.Tasks)
	}
	w.call("PUT /v2/images/"+id+"/file", octets("abc")).want(204)
	w.call("GET /v2/images/" + id + "/tasks").want(200).into(&both)
	if len(both.Tasks) != 2 {
		t.Errorf("an upload that went well changed the tasks to %+v", both.Tasks)
	}
	w.call("DELETE /v2/images/" + id).want(204)
	w.refused("GET /v2/images/" + id + "/tasks").want(404).says(silentNotFound)
	w.call("GET /v2/tasks/"+list[1], as("admin")).want(200)
}

// Who sees an image sees those of its tasks that are its own project's; an admin
// sees all. All others learn nothing.
func TestImageTaskList(t *testing.T) {
	w := newWorld(t)
	demos, plain := w.failedUpload("member", header("Accept", "*/*")), w.made(`{}`)
	public := w.made(`{"visibility":"public","disk_format":"raw","container_format":"bare"}`, as("admin"))
	w.call("PUT /v2/images/"+public+"/file", as("admin"), octets("abc"), header("X-Openstack-Image-Size", "5")).want(400)
	nobodys := w.made(`{"owner":null,"visibility":"public","disk_format":"raw","container_format":"bare"}`, as("admin"))
	w.call("PUT /v2/images/"+nobodys+"/file", as("admin"), octets("abc"), header("X-Openstack-Image-Size", "5")).want(400)
	for _, c := range []struct {
		who, id string
		status  int
		tasks   int
	}{
		{"member", demos, 200, 1},
		{"reader", demos, 200, 1},
		{"admin", demos, 200, 1},
		{"member", plain, 200, 0},
		{"admin", public, 200, 1},
		{"member", public, 200, 0},
		{"member", nobodys, 200, 1}, // what is of no project is for all
		{"other", nobodys, 200, 1},
		{"nobody", public, 404, 0},
		{"nobody", demos, 404, 0},
		{"other", demos, 404, 0},
		{"admin", noImage, 404, 0},
		{"admin", "nope", 404, 0},
	} {
		got := w.refused("GET /v2/images/"+c.id+"/tasks", as(c.who)).want(c.status)
		if c.status == 404 {
			got.is("404 Not Found\n\n" + silentNotFound + "\n\n   ")
			continue
		}
		var list struct{ Tasks []any }
		if got.into(&list); list.Tasks == nil || len(list.Tasks) != c.tasks {
			t.Errorf("%s sees tasks %v of %s, not %d", c.who, list.Tasks, c.id, c.tasks)
		}
	}
	w.refused("GET /v2/images/"+demos+"/tasks", body(`{}`)).want(400).says("A body is not expected")
	w.refused("GET /v2/images/"+noImage+"/tasks", body(`{}`)).want(400)
}

// The rule of the task calls comes before body and query, and nothing is told to
// those whom it keeps out.
func TestTaskShowRefused(t *testing.T) {
	w := newWorld(t)
	id := w.failedUpload("member", header("Accept", "*/*"))
	var list struct{ Tasks []struct{ ID string } }
	w.call("GET /v2/images/" + id + "/tasks").want(200).into(&list)
	known := list.Tasks[0].ID
	for _, c := range []struct {
		line, who string
		option    option
		status    int
		allow     string
	}{
		{"GET /v2/tasks/" + known, "member", asJSON, 403, ""},
		{"GET /v2/tasks/" + noImage, "member", asJSON, 403, ""},
		{"GET /v2/tasks/" + known, "service", asJSON, 403, ""},
		{"GET /v2/tasks/" + known, "member", body(`{}`), 403, ""},
		{"DELETE /v2/tasks/" + known, "member", body(`{}`), 403, ""},
		{"GET /v2/tasks/" + known, "admin", body(`{}`), 400, ""},
		{"DELETE /v2/tasks/" + known, "admin", body(`{}`), 400, ""},
		{"DELETE /v2/tasks/" + known, "admin", asJSON, 405, "GET"},
		{"DELETE /v2/tasks/" + noImage, "admin", asJSON, 405, "GET"},
		{"GET /v2/tasks/" + noImage, "admin", asJSON, 404, ""},
		{"GET /v2/tasks/nope", "admin", asJSON, 404, ""},
		{"GET /v2/tasks/" + strings.Repeat("x", 3000), "admin", asJSON, 404, ""},
		{"GET /v2/tasks/" + strings.ToUpper(known), "admin", asJSON, 404, ""},
	} {
		w.refused(c.line, as(c.who), c.option).want(c.status).has("Allow", c.allow)
	}
	w.call("GET /v2/tasks/"+known, as("admin")).want(200)
	w.call("GET /v2/tasks/"+noImage, as("admin")).says("Could not find task " + noImage)
	w.refused("GET /v2/tasks/"+known+"?x=%ff", named("a broken query")).want(403)
}
