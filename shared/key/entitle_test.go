package key_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/gander-images/gander/shared/image"
	"github.com/gander-images/gander/shared/key"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
	"github.com/gander-images/gander/shared/vault"
)

// wantUsable holds that the key is usable, and has the value that it was made with.
func (w *world) wantUsable(id string) {
	w.t.Helper()
	r := w.record(id)
	if !r.Usable() {
		w.t.Fatalf("key %s is %s", id, w.show(id))
	}
	value, err := w.vault.Get(w.ctx(), vault.Name{Key: id, Generation: r.Generation})
	if err != nil || string(value) != "value of "+id {
		w.t.Errorf("key %s reads %q, %v", id, value, err)
	}
	w.audit()
}

// both names the key by both properties, in a form that is not its own.
func both(id string) map[string]string {
	return map[string]string{
		key.CinderKey: strings.ToUpper(id), key.CinderPolicy: key.OnImageDeletion,
		key.ImageKey: "https://keys.example/v1/secrets/" + id, key.ImagePolicy: key.OnImageDeletion,
	}
}

// attacks are what another project does to have a key destroyed that it knows the id of.
var attacks = map[string]func(w *world){
	"create and purge": func(w *world) {
		w.must(w.create(stranger, imgB, names(theKey, key.OnImageDeletion)))
		w.must(w.end(imgB))
	},
	"by both properties, in other forms": func(w *world) {
		w.must(w.create(stranger, imgB, both(theKey)))
		w.must(w.end(imgB))
	},
	"PATCH and purge": func(w *world) {
		w.must(w.create(stranger, imgB, nil))
		w.must(w.update(stranger, imgB, set(key.ImageKey, theKey), set(key.ImagePolicy, key.OnImageDeletion)))
		w.must(w.end(imgB))
	},
	"PATCH of the policy alone": func(w *world) {
		w.must(w.create(stranger, imgB, names(theKey)))
		w.must(w.update(stranger, imgB, set(key.CinderPolicy, key.OnImageDeletion)))
		w.must(w.end(imgB))
	},
	"away and back": func(w *world) {
		w.must(w.create(stranger, imgB, names(theKey, key.OnImageDeletion)))
		w.must(w.update(stranger, imgB, set(key.CinderKey, otherKey)))
		w.must(w.update(stranger, imgB, set(key.CinderKey, theKey)))
		w.must(w.end(imgB))
	},
	"delete, restore, purge": func(w *world) {
		w.must(w.create(stranger, imgB, names(theKey, key.OnImageDeletion)))
		w.must(w.delete(imgB))
		w.must(w.restoreImage(imgB))
		w.must(w.end(imgB))
	},
	"given to a third project": func(w *world) {
		w.must(w.create(stranger, imgB, names(theKey, key.OnImageDeletion)))
		w.must(w.update(admin, imgB, set("owner", "c")))
		w.must(w.end(imgB))
	},
	"an image of its own, made the stranger's": func(w *world) {
		w.must(w.create(owner, imgN, names(theKey, key.OnImageDeletion)))
		w.must(w.update(admin, imgN, set("owner", "b")))
		w.must(w.end(imgN))
	},
	"a service's copy of the properties": func(w *world) {
		w.must(w.create(owner, imgN, names(theKey, key.OnImageDeletion)))
		w.must(w.create(stranger, imgB, w.found(imgN).Properties))
		w.must(w.end(imgB))
		w.must(w.update(owner, imgN, remove(key.CinderKey)))
	},
	"many at once": func(w *world) {
		for n := range 5 {
			id := fmt.Sprintf("bbbbbbbb-0000-4000-8000-00000000010%d", n)
			w.must(w.create(stranger, id, names(theKey, key.OnImageDeletion)))
			defer func() { w.must(w.end(id)) }()
		}
	},
	"deleting it by hand": func(w *world) {
		for _, force := range []bool{false, true} {
			if err := w.removeKey(stranger, force); err == nil {
				w.t.Error("a stranger deletes the key by hand")
			}
		}
	},
}

// TestP5NamingDestroysNothing: whatever another project does with the id of a key, the key
// stays, whoever holds it.
func TestP5NamingDestroysNothing(t *testing.T) {
	holders := map[string]map[string]string{
		"nobody": nil, "an image that keeps it": names(theKey, "do_not_delete"), "an image that says nothing": names(theKey),
		"an image that wishes it gone": names(theKey, key.OnImageDeletion),
	}
	for attack, do := range attacks {
		for held, properties := range holders {
			t.Run(attack+"/"+held, func(t *testing.T) {
				w := newWorld(t)
				w.makeKey(theKey)
				if properties != nil {
					w.must(w.create(owner, imgA, properties))
				}
				do(w)
				w.audit()
				w.quiet()
				w.wantUsable(theKey)
			})
		}
	}
}

// TestP5NamingTellsNothing: what another project is answered, and what is stored of its
// image, is the same for a key in any state and for an id that nobody knows.
func TestP5NamingTellsNothing(t *testing.T) {
	probes := []struct {
		name string
		do   func(w *world) error
	}{
		{"create", func(w *world) error { return w.create(stranger, imgN, names(theKey, key.OnImageDeletion)) }},
		{"PATCH", func(w *world) error {
			return w.update(stranger, imgN, set(key.CinderKey, otherKey), set(key.ImageKey, theKey))
		}},
		{"policy", func(w *world) error { return w.update(stranger, imgN, set(key.CinderPolicy, "do_not_delete")) }},
		{"away", func(w *world) error { return w.update(stranger, imgN, remove(key.ImageKey)) }},
		{"back", func(w *world) error { return w.update(stranger, imgN, set(key.CinderKey, theKey)) }},
		{"delete", func(w *world) error { return w.delete(imgN) }},
		{"restore", func(w *world) error { return w.restoreImage(imgN) }},
		{"end", func(w *world) error { return w.end(imgN) }},
	}
	told := map[string][]string{}
	for _, state := range states {
		w := newWorld(t)
		state.make(w)
		for _, probe := range probes {
			err := probe.do(w)
			told[state.name] = append(told[state.name], fmt.Sprintf("%s: %v, %s", probe.name, err, w.publicly(imgN)))
		}
		w.audit()
	}
	for state, answers := range told {
		if !slices.Equal(answers, told["unknown"]) {
			t.Errorf("a key that is %s answers\n%q\nand an unknown one\n%q", state, answers, told["unknown"])
		}
	}
}

// publicly is the image's document, but for what is new with every change and time.
func (w *world) publicly(id string) string {
	item := w.items()[image.Key(id)]
	var fields map[string]any
	w.must(json.Unmarshal(item.Body, &fields))
	for _, name := range []string{"created_at", "updated_at", "writer", "deletion"} {
		delete(fields, name)
	}
	body, err := json.Marshal(fields)
	w.must(err)
	return fmt.Sprintf("%d %s", item.Revision, body)
}

// TestP5NamingReadsNothing: who names a key has no part in it.
func TestP5NamingReadsNothing(t *testing.T) {
	w := newWorld(t)
	w.makeKey(theKey)
	w.must(w.create(stranger, imgB, both(theKey)))
	r := w.record(theKey)
	if r.Owner != "a" || r.Own != 0 || r.Image != "" {
		t.Errorf("the record says %+v", r)
	}
	if reads, err := w.images.ReadsKey(w.ctx(), "b", r); reads || err != nil {
		t.Errorf("the project that names it reads it: %t, %v", reads, err)
	}
	for _, rule := range []policy.Rule{policy.SecretGet, policy.SecretDecrypt, policy.SecretDelete, policy.ConsumersPost} {
		if w.grant(rule, stranger, r.Owner).Permits(rule) == nil {
			t.Errorf("a stranger is granted %s", rule)
		}
	}
}

// TestP5NobodyIsHeldHostage: a stranger's name keeps the owner's word waiting, never
// beyond the owner's force; it brings nothing back, and disturbs no restore.
func TestP5NobodyIsHeldHostage(t *testing.T) {
	w := newWorld(t)
	w.makeKey(theKey)
	w.must(w.create(stranger, imgB, names(theKey)))
	err := w.removeKey(owner, false)
	if !problem.Is(err, problem.Conflict) || !strings.Contains(err.Error(), " 1 ") {
		t.Errorf("deleting a held key answers %v", err)
	}
	w.must(w.removeKey(owner, true))
	w.must(w.create(stranger, imgN, names(theKey, key.OnImageDeletion)))
	w.must(w.sweep())
	if got := w.show(theKey); !strings.HasPrefix(got, "scheduled 2/0 confirmed") {
		t.Errorf("the key is %s", got)
	}
	w.must(w.restoreKey())
	w.wantUsable(theKey)
}

// TestP4EachOrder has images and a volume of one key go in every order. The key reads the same
// until the last has gone; then its deletion is scheduled, and an operator brings it back.
func TestP4EachOrder(t *testing.T) {
	leavers := map[string]func(w *world) error{
		"A": func(w *world) error { return w.end(imgA) }, "N": func(w *world) error { return w.end(imgN) },
		"B": func(w *world) error { return w.end(imgB) }, "V": func(w *world) error { return w.removeConsumer() },
	}
	var play func(order, left []string)
	play = func(order, left []string) {
		if len(left) > 0 {
			for i := range left {
				play(append(slices.Clone(order), left[i]), slices.Delete(slices.Clone(left), i, i+1))
			}
			return
		}
		w := newWorld(t)
		w.makeKey(theKey)
		w.must(w.create(owner, imgA, names(theKey, key.OnImageDeletion)))
		w.must(w.create(owner, imgN, names(theKey, key.OnImageDeletion)))
		w.must(w.create(stranger, imgB, names(theKey, key.OnImageDeletion)))
		w.must(w.addConsumer())
		for _, name := range order {
			w.wantUsable(theKey)
			w.must(leavers[name](w))
			w.must(w.sweep())
		}
		w.wantUsable(theKey) // for the delay
		w.must(w.late().sweep())
		if got := w.show(theKey); got != "scheduled 0/0 delete confirmed in 169h0m0s, 1 ends" {
			t.Errorf("%v: in the end the key is %s", order, got)
		}
		w.must(w.restoreKey())
		w.wantUsable(theKey)
		w.quiet()
		w.wantUsable(theKey)
	}
	play(nil, slices.Sorted(maps.Keys(leavers)))
}
