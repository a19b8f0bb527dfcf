package scenarios

import (
	"strings"
	"testing"

	"github.com/google/uuid"
)

// forgetful is a service in which what is deleted goes at the next sweep.
func forgetful(t *testing.T) *world {
	t.Helper()
	return newWorld(t, "GANDER_RETENTION=0s", "GANDER_KEY_DELAY=0s")
}

// When a client copies the properties that name a key, as Nova once did, to a second
// image of whichever project, the end of one leaves the other usable.
func TestCopiedKeyProperties(t *testing.T) {
	for _, copier := range []string{"member", "admin"} {
		for _, copyFirst := range []bool{true, false} {
			w := forgetful(t)
			key := w.secretOf("member", "the value")
			first := w.encrypted(key)
			second := w.encrypted(key, as(copier))
			if copyFirst {
				first, second = second, first
			}
			w.call("DELETE /v2/images/"+first, as("admin")).want(204)
			w.swept()
			w.payload("member", key).want(200).is("the value")
			if got := w.key(key); got.State != "live" || got.Holders != 1 {
				t.Errorf("copied by %s, the copy first %t: the key is %+v", copier, copyFirst, got)
			}
			w.call("DELETE /v2/images/"+second, as("admin")).want(204)
			w.swept()
			if got := w.key(key); got.State != "scheduled" {
				t.Errorf("copied by %s, the copy first %t: when the last is gone the key is %s", copier, copyFirst, got.State)
			}
		}
	}
}

// TestP5NamingEntitlesToNothing holds promise P5: who names another project's key by
// whichever call does not destroy it, read it, keep it, or learn of it.
func TestP5NamingEntitlesToNothing(t *testing.T) {
	properties := func(id string) string {
		return `"cinder_encryption_key_id":"` + id + `","cinder_encryption_key_deletion_policy":"on_image_deletion"`
	}
	for how, name := range map[string]func(w *world, id string) string{
		"create": func(w *world, id string) string { return w.made("{"+properties(id)+"}", as("other")) },
		"patch": func(w *world, id string) string {
			img := w.made("{}", as("other"))
			w.call("PATCH /v2/images/"+img, as("other"), v21(`[{"op":"add","path":"/os_encrypt_key_id","value":"`+id+`"},
				{"op":"add","path":"/os_encrypt_key_deletion_policy","value":"on_image_deletion"}]`)).want(200)
			return img
		},
		"snapshot": func(w *world, id string) string {
			made := w.call(snapshots, as("other"), body(`{"name":"n","instance":{"id":"`+someServer+`","project_id":"other"},"properties":{`+properties(id)+`}}`)).want(201)
			img, _ := made.fields()["id"].(string)
			return img
		},
		"a gift from its owner": func(w *world, id string) string {
			img := w.made("{" + properties(id) + "}")
			w.call("PATCH /v2/images/"+img, as("admin"), v21(`[{"op":"replace","path":"/owner","value":"other"}]`)).want(200)
			return img
		},
	} {
		for _, id := range []string{"", uuid.NewString()} {
			w := forgetful(t)
			there := id == ""
			if there {
				id = w.secretOf("member", "the value")
			}
			img := name(w, id) // answered alike
			w.payload("other", id).want(404)
			w.call("DELETE /v2/images/"+img, as("other")).want(204)
			w.swept()
			if !there {
				continue
			}
			w.payload("member", id).want(200).is("the value")
			if got := w.key(id); got.State != "live" || got.Holders != 0 || got.Wishes.Delete {
				t.Errorf("%s: the key is %+v", how, got)
			}
			name(w, id)
			w.refused("DELETE /key-manager/v1/secrets/" + id).want(409)
			w.call("DELETE /key-manager/v1/secrets/" + id + "?force=1").want(204)
		}
	}
}

// A snapshot of an image that names another project's key is refused, in the same words
// as of one that names a key which nobody knows.
func TestP5SnapshotReadsNoForeignKey(t *testing.T) {
	w := newWorld(t)
	said := map[string]bool{}
	for _, key := range []string{w.secretOf("member", "the value"), uuid.NewString(), "no id at all"} {
		img := w.made(`{"disk_format":"raw","container_format":"bare","cinder_encryption_key_id":"`+key+`"}`, as("other"))
		w.call("PUT /v2/images/"+img+"/file", as("other"), octets("x")).want(204)
		of := `{"name":"n","source_image_id":"` + img + `","instance":{"id":"` + someServer + `","project_id":"PROJECT"}}`
		got := w.refused(snapshots, as("other"), asJSON, body(strings.Replace(of, "PROJECT", "other", 1)), named(key)).want(403)
		said[string(got.body)] = true
	}
	if len(said) != 1 {
		t.Errorf("it is told apart: %v", said)
	}
	gone := w.lockedSource(uuid.NewString())
	w.refused(snapshots, as("admin"), aSnapshot(`,"source_image_id":"`+gone+`"`)).want(409)
}

// A restored image entitles to no more than it did before.
func TestP5RestoreEntitlesToNothing(t *testing.T) {
	w := newWorld(t, "GANDER_KEY_DELAY=0s")
	key := w.secretOf("member", "the value")
	img := w.encrypted(key, as("other"))
	w.call("DELETE /v2/images/"+img, as("other")).want(204)
	w.call(w.restore(img), as("admin")).want(200)
	w.payload("other", key).want(404)
	if got := w.key(key); got.Holders != 1 || got.Own != 0 {
		t.Errorf("the key is %+v", got)
	}
	w.call("DELETE /key-manager/v1/secrets/" + key + "?force=1").want(204)
}
