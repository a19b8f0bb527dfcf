package scenarios

import (
	"strings"
	"testing"

	"github.com/google/uuid"
)

const (
	snapshots  = "POST /gander/v1/images/snapshot"
	someServer = "5c1e6a2b-4d3f-4e8a-9b70-1a2c3d4e5f60"
)

// aSnapshot is the body of a snapshot of a server of the member's project.
func aSnapshot(more string) option {
	return body(`{"name":"snap","instance":{"id":"` + someServer + `","project_id":"demo"}` + more + `}`)
}

// lockedSource makes an active image whose data is encrypted with the key.
func (w *world) lockedSource(id string) string {
	w.t.Helper()
	source := w.made(`{"disk_format":"raw","container_format":"bare","cinder_encryption_key_id":"` + id + `","cinder_encryption_key_deletion_policy":"on_image_deletion"}`)
	w.call("PUT /v2/images/"+source+"/file", octets("the source")).want(204)
	return source
}

// inOneCall makes an admin's snapshot of the member's server.
func (w *world) inOneCall(kind, source string) string {
	w.t.Helper()
	more := `,"kind":"` + kind + `","source_image_id":"` + source + `"`
	if kind == "backup" {
		more += `,"backup_type":"daily"`
	}
	made := w.call(snapshots, as("admin"), aSnapshot(more)).want(201)
	id, _ := made.fields()["id"].(string)
	made.has("Location", publicEndpoint+"/v2/images/"+id)
	return id
}

// inThreeCalls does the same as Nova does it, but for the upload.
//
// Source: nova/image/glance.py, GlanceImageServiceV2.create.
func (w *world) inThreeCalls(kind, _ string) string {
	w.t.Helper()
	id := w.made(`{"name":"snap","visibility":"shared","image_type":"`+kind+`","instance_uuid":"`+someServer+`","is_public":"False"}`, as("admin"))
	w.call("POST /v2/images/"+id+"/members", as("admin"), body(`{"member":"demo"}`)).want(200)
	return id
}

// Whoever owns a server gets at the snapshot that an admin makes of it, and at the key
// to it, without being bothered with it in lists; and does not delete it.
func TestSnapshotsByAdmins(t *testing.T) {
	for _, kind := range []string{"snapshot", "backup", "shelve"} {
		for way, make := range map[string]func(*world, string, string) string{"one call": (*world).inOneCall, "three calls": (*world).inThreeCalls} {
			t.Run(kind+" by "+way, func(t *testing.T) {
				w := newWorld(t)
				source := w.lockedSource(w.secretOf("member", "the value"))
				id := make(w, kind, source)
				shown := w.call("GET /v2/images/"+id, as("admin")).want(200).fields()
				if shown["image_type"] != kind || shown["instance_uuid"] != someServer || shown["status"] != "queued" {
					t.Errorf("made: %v", shown)
				}
				w.call("PATCH /v2/images/"+id, as("admin"), v21(`[{"op":"replace","path":"/disk_format","value":"raw"},{"op":"replace","path":"/container_format","value":"bare"}]`)).want(200)
				w.call("PUT /v2/images/"+id+"/file", as("admin"), octets("the snapshot")).want(204)
				w.sharedWithTheOwner(id)
				if key, ok := shown["cinder_encryption_key_id"].(string); way == "one call" {
					w.payload("member", key).want(200).is("the value")
					w.payload("other", key).want(404)
				} else if ok {
					t.Errorf("it names the key %s", key)
				}
				w.refused("DELETE /v2/images/" + id).want(403)
				w.call("DELETE /v2/images/"+id, as("admin")).want(204)
				w.call("GET /v2/images/" + id).want(404)
			})
		}
	}
}

// sharedWithTheOwner holds how the server's owner meets an active snapshot.
func (w *world) sharedWithTheOwner(id string) {
	w.t.Helper()
	shown := w.call("GET /v2/images/" + id).want(200).fields()
	if shown["visibility"] != "shared" || shown["owner"] != "admin" || shown["status"] != "active" || shown["instance_owner"] != nil {
		w.t.Errorf("it is %v", shown)
	}
	w.call("GET /v2/images/" + id + "/file").want(200).is("the snapshot")
	if list := w.call("GET /v2/images").want(200); strings.Contains(string(list.body), id) {
		w.t.Error("it is listed before anybody accepted it")
	}
	w.call("GET /v2/images?visibility=shared&member_status=pending").want(200).says(id)
	w.call("PUT /v2/images/"+id+"/members/demo", body(`{"status":"accepted"}`)).want(200)
	w.call("GET /v2/images").want(200).says(id)
}

// Members of a shared snapshot read its key as long as they are members of it.
func TestSnapshotKeyIsLentToMembers(t *testing.T) {
	for how, end := range map[string]func(w *world, id string){
		"removed": func(w *world, id string) { w.call("DELETE /v2/images/"+id+"/members/demo", as("admin")).want(204) },
		"hidden": func(w *world, id string) {
			w.call("PATCH /v2/images/"+id, as("admin"), v21(`[{"op":"replace","path":"/visibility","value":"private"}]`)).want(200)
		},
		"deleted": func(w *world, id string) { w.call("DELETE /v2/images/"+id, as("admin")).want(204) },
		"renamed": func(w *world, id string) {
			w.call("PATCH /v2/images/"+id, as("admin"), removed("cinder_encryption_key_id")).want(200)
		},
		"given away": func(w *world, id string) {
			w.call("PATCH /v2/images/"+id, as("admin"), v21(`[{"op":"replace","path":"/owner","value":"other"}]`)).want(200)
		},
	} {
		w := newWorld(t)
		id := w.inOneCall("snapshot", w.lockedSource(w.secretOf("member", "the value")))
		key, _ := w.call("GET /v2/images/"+id, as("admin")).want(200).fields()["cinder_encryption_key_id"].(string)
		w.payload("member", key).want(200).is("the value")
		w.payload("guest", key).want(404)
		end(w, id)
		if got := w.payload("member", key); got.status != 404 {
			t.Errorf("%s: the member still reads the key: %d", how, got.status)
		}
		w.payload("admin", key).want(200).is("the value")
	}
}

// Who a snapshot is shared with can make a snapshot of it in turn: a server that was
// made of it has its key, and the next snapshot gets one of its own.
func TestSnapshotOfASnapshot(t *testing.T) {
	w := newWorld(t)
	id := w.inOneCall("snapshot", w.lockedSource(w.secretOf("member", "the value")))
	w.call("PATCH /v2/images/"+id, as("admin"), v21(`[{"op":"add","path":"/disk_format","value":"raw"},{"op":"add","path":"/container_format","value":"bare"}]`)).want(200)
	w.call("PUT /v2/images/"+id+"/file", as("admin"), octets("the snapshot")).want(204)
	made := w.call(snapshots, aSnapshot(`,"source_image_id":"`+id+`"`)).want(201).fields()
	own, _ := made["cinder_encryption_key_id"].(string)
	if made["owner"] != "demo" {
		t.Errorf("made: %v", made)
	}
	w.call("DELETE /v2/images/"+id+"/members/demo", as("admin")).want(204)
	w.payload("member", own).want(200).is("the value")
	w.refused(snapshots, aSnapshot(`,"source_image_id":"`+id+`"`)).want(404)
}

// Of one's own server the snapshot is one's own.
func TestOwnSnapshot(t *testing.T) {
	w := newWorld(t, "GANDER_RETENTION=0s", "GANDER_KEY_DELAY=0s", "GANDER_NON_INHERITABLE_PROPERTIES=unwanted")
	key := w.secretOf("member", "the value")
	source := w.lockedSource(key)
	w.call("PATCH /v2/images/"+source, v21(`[{"op":"add","path":"/unwanted","value":"x"},{"op":"add","path":"/wanted","value":"x"}]`)).want(200)
	made := w.call(snapshots, aSnapshot(`,"source_image_id":"`+source+`","properties":{"rotation":"3","is_public":"False","instance_owner":"demo"}`)).want(201).fields()
	clone, _ := made["cinder_encryption_key_id"].(string)
	if clone == key || made["visibility"] != "private" || made["owner"] != "demo" || made["user_id"] != "mia" || made["rotation"] != "3" ||
		made["is_public"] != "False" || made["wanted"] != "x" || made["unwanted"] != nil || made["instance_owner"] != nil {
		t.Errorf("made: %v", made)
	}
	id, _ := made["id"].(string)
	w.refused("GET /v2/images/" + id + "/members").want(403)
	w.call("DELETE /v2/images/" + id).want(204)
	w.swept()
	if got := w.key(clone).State; got != "scheduled" {
		t.Errorf("the clone is %s", got)
	}
	w.payload("member", key).want(200).is("the value")
}

// TestSnapshotRefused holds every refusal, none of which leaves anything.
func TestSnapshotRefused(t *testing.T) {
	w := newWorld(t)
	source, queued, stopped := w.filled("abc"), w.made(bootable), w.filled("abc")
	w.call("POST /v2/images/"+stopped+"/actions/deactivate", as("admin")).want(204)
	const instance = `"instance":{"id":"` + someServer + `","project_id":"demo"}`
	for name, c := range map[string]struct {
		body string
		want int
	}{
		"an array": {`[]`, 400}, "nothing": {`{}`, 400}, "no name": {`{` + instance + `}`, 400}, "no server": {`{"name":"n"}`, 400},
		"a server by name":       {`{"name":"n","instance":"` + someServer + `"}`, 400},
		"a server without id":    {`{"name":"n","instance":{"project_id":"demo"}}`, 400},
		"a server of nobody":     {`{"name":"n","instance":{"id":"` + someServer + `"}}`, 400},
		"an empty project":       {`{"name":"n","instance":{"id":"` + someServer + `","project_id":""}}`, 400},
		"a project too long":     {`{"name":"n","instance":{"id":"` + someServer + `","project_id":"` + strings.Repeat("p", 256) + `"}}`, 400},
		"a server's wrong id":    {`{"name":"n","instance":{"id":"7","project_id":"demo"}}`, 400},
		"a name that is none":    {`{"name":7,` + instance + `}`, 400},
		"a long name":            {`{"name":"` + strings.Repeat("n", 256) + `",` + instance + `}`, 400},
		"an unknown kind":        {`{"name":"n","kind":"copy",` + instance + `}`, 400},
		"a backup of no type":    {`{"name":"n","kind":"backup",` + instance + `}`, 400},
		"a type of no backup":    {`{"name":"n","backup_type":"daily",` + instance + `}`, 400},
		"an unknown field":       {`{"name":"n","visibility":"public",` + instance + `}`, 400},
		"a source by name":       {`{"name":"n","source_image_id":"cirros",` + instance + `}`, 400},
		"an empty source":        {`{"name":"n","source_image_id":"",` + instance + `}`, 400},
		"an absent source":       {`{"name":"n","source_image_id":"` + uuid.NewString() + `",` + instance + `}`, 404},
		"a queued source":        {`{"name":"n","source_image_id":"` + queued + `",` + instance + `}`, 409},
		"a stopped source":       {`{"name":"n","source_image_id":"` + stopped + `",` + instance + `}`, 409},
		"properties in a list":   {`{"name":"n","properties":["a"],` + instance + `}`, 400},
		"a number":               {`{"name":"n","properties":{"rotation":3},` + instance + `}`, 400},
		"a null":                 {`{"name":"n","properties":{"a":null},` + instance + `}`, 400},
		"a long property":        {`{"name":"n","properties":{"` + strings.Repeat("n", 256) + `":""},` + instance + `}`, 400},
		"an attribute":           {`{"name":"n","properties":{"visibility":"public"},` + instance + `}`, 400},
		"a computed attribute":   {`{"name":"n","properties":{"self":"x"},` + instance + `}`, 403},
		"a read-only attribute":  {`{"name":"n","properties":{"status":"active"},` + instance + `}`, 403},
		"a property of our own":  {`{"name":"n","properties":{"os_glance_x":"x"},` + instance + `}`, 403},
		"a policy of no meaning": {`{"name":"n","properties":{"cinder_encryption_key_deletion_policy":"x"},` + instance + `}`, 400},
		"broken JSON":            {`{"name":`, 400},
	} {
		w.refused(snapshots, body(c.body), named(name)).want(c.want)
	}
	of := aSnapshot(`,"source_image_id":"` + source + `"`)
	for who, status := range map[string]int{"reader": 403, "nobody": 403, "other": 403, "system": 403, "service": 404} {
		w.refused(snapshots, as(who), of, named(who)).want(status)
	}
	w.call(snapshots, as("service"), aSnapshot("")).want(201) // whose servers they are, services know
	theirs := body(`{"name":"n","source_image_id":"` + source + `","instance":{"id":"` + someServer + `","project_id":"other"}}`)
	w.refused(snapshots, as("other"), theirs, named("of their own server")).want(404)

	none := newWorld(t, "GANDER_IMAGE_MEMBER_QUOTA=0", "GANDER_IMAGE_PROPERTY_QUOTA=3")
	none.refused(snapshots, as("admin"), aSnapshot("")).want(413)
	none.refused(snapshots, aSnapshot(`,"properties":{"a":"b"}`)).want(413)
	none.call(snapshots, aSnapshot("")).want(201)
}
