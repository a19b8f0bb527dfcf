package scenarios

import "testing"

func TestActivation(t *testing.T) {
	w := newWorld(t)
	id, queued := w.filled("abc"), w.made(bootable)
	public := w.filled("def")
	w.call("PATCH /v2/images/"+public, as("admin"), v21(`[{"op":"replace","path":"/visibility","value":"public"}]`)).want(200)
	act := func(id, action string) string { return "POST /v2/images/" + id + "/actions/" + action }
	status := func(id, want string) {
		t.Helper()
		w.call("GET /v2/images/" + id).want(200).says(`"status":"` + want + `"`)
	}
	w.refused(act(id, "reactivate"), named("active")).want(204).is("")
	w.call(act(id, "deactivate")).want(204).is("")
	status(id, "deactivated")
	w.refused(act(id, "deactivate"), named("deactivated")).want(204).is("")
	w.refused("GET /v2/images/" + id + "/file").want(403).says("deactivated")
	w.refused("GET /v2/images/"+id+"/file", as("admin")).want(200).is("abc")
	w.refused("PUT /v2/images/"+id+"/file", octets("other")).want(409)
	w.call(act(id, "reactivate"), as("admin")).want(204).is("")
	status(id, "active")
	w.call("GET /v2/images/" + id + "/file").want(200).is("abc")

	for _, action := range []string{"deactivate", "reactivate"} {
		for _, c := range []struct {
			who, id string
			status  int
		}{
			{"member", queued, 403},
			{"admin", queued, 403},
			{"reader", id, 403},
			{"other", id, 404},
			{"nobody", id, 404},
			{"other", public, 403},
			{"member", noImage, 404},
			{"admin", noImage, 404},
		} {
			w.refused(act(c.id, action), as(c.who)).want(c.status)
		}
		w.refused(act(id, action), body("{}")).want(400).says("A body is not expected")
	}
	w.refused("GET "+"/v2/images/"+id+"/actions/deactivate").want(405).has("Allow", "POST")
	w.refused(act(id, "activate")).want(404)

	w.call(act(public, "deactivate")).want(204)
	w.refused("GET /v2/images/"+public+"/file", as("other")).want(403)
	w.call("DELETE /v2/images/" + public).want(204)
	w.refused(act(public, "reactivate")).want(404)
}
