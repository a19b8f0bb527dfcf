package key_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/key"
	"github.com/gander-images/gander/shared/problem"
	"github.com/gander-images/gander/shared/vault"
	vaultmemory "github.com/gander-images/gander/shared/vault/memory"
)

// The images of these tests.
const (
	imgA  = "aaaaaaaa-0000-4000-8000-000000000001" // owner's, wishes the key gone
	imgA2 = "aaaaaaaa-0000-4000-8000-000000000002" // owner's, says nothing
	imgB  = "bbbbbbbb-0000-4000-8000-000000000001" // another project's
	imgN  = "cccccccc-0000-4000-8000-000000000001" // new with the event
)

func names(id string, policy ...string) map[string]string {
	p := map[string]string{key.CinderKey: id}
	for _, said := range policy {
		p[key.CinderPolicy] = said
	}
	return p
}

// states are ways to bring the key into each state, with whoever may hold it there.
var states = []struct {
	name string
	make func(w *world)
}{
	{"unknown", func(*world) {}},
	{"external", func(w *world) { w.must(w.create(stranger, imgB, names(theKey, key.OnImageDeletion))) }},
	{"creating", func(w *world) {
		_, err := w.keys.Begin(w.ctx(), key.New{ID: theKey, Owner: "a", Value: []byte("x")})
		w.must(err)
	}},
	{"abandoned", func(w *world) {
		r, err := w.keys.Begin(w.ctx(), key.New{ID: theKey, Owner: "a", Value: []byte("x")})
		w.must(err)
		w.keys.Abandon(w.ctx(), r)
	}},
	{"waiting, A", func(w *world) {
		w.must(w.create(owner, imgA, names(theKey, key.OnImageDeletion)))
		_, err := w.keys.Reserve(w.ctx(), key.New{ID: theKey, Owner: "a"})
		w.must(err)
	}},
	{"live", func(w *world) { w.makeKey(theKey) }},
	{"live, A", func(w *world) {
		w.makeKey(theKey)
		w.must(w.create(owner, imgA, names(theKey, key.OnImageDeletion)))
	}},
	{"live, A2", func(w *world) {
		w.makeKey(theKey)
		w.must(w.create(owner, imgA2, names(theKey)))
	}},
	{"live, B", func(w *world) {
		w.makeKey(theKey)
		w.must(w.create(stranger, imgB, names(theKey, key.OnImageDeletion)))
	}},
	{"live, V", func(w *world) {
		w.makeKey(theKey)
		w.must(w.addConsumer())
	}},
	{"live, B, A gone", func(w *world) {
		w.makeKey(theKey)
		w.must(w.create(owner, imgA, names(theKey, key.OnImageDeletion)))
		w.must(w.create(stranger, imgB, names(theKey, key.OnImageDeletion)))
		w.must(w.end(imgA))
	}},
	{"live, A, A2 gone", func(w *world) {
		w.makeKey(theKey)
		w.must(w.create(owner, imgA, names(theKey, key.OnImageDeletion)))
		w.must(w.create(owner, imgA2, names(theKey)))
		w.must(w.end(imgA2))
	}},
	{"condemned", condemn},
	{"condemned, B", func(w *world) {
		condemn(w)
		w.must(w.create(stranger, imgB, names(theKey, key.OnImageDeletion)))
	}},
	{"condemned, B, entry dropped", func(w *world) {
		condemn(w)
		w.must(w.create(stranger, imgB, names(theKey, key.OnImageDeletion)))
		w.must(w.late().sweep())
	}},
	{"scheduled", func(w *world) {
		w.makeKey(theKey)
		w.must(w.removeKey(owner, false))
	}},
	{"scheduled, A and B", func(w *world) {
		w.makeKey(theKey)
		w.must(w.create(owner, imgA, names(theKey, key.OnImageDeletion)))
		w.must(w.create(stranger, imgB, names(theKey)))
		w.must(w.removeKey(admin, true))
		w.must(w.sweep())
	}},
	{"gone", func(w *world) {
		w.makeKey(theKey)
		w.must(w.removeKey(owner, false))
		w.must(w.sweep())
		*w.clock = w.now().Add(window + 2*time.Hour)
		w.must(w.sweep())
	}},
}

func condemn(w *world) {
	w.makeKey(theKey)
	w.must(w.create(owner, imgA, names(theKey, key.OnImageDeletion)))
	w.must(w.end(imgA))
}

// events are all that can befall a key. Those about an image that there is not are
// passed over.
var events = []struct {
	name  string
	image string // that it is about
	do    func(w *world) error
}{
	{"own image names it", "", func(w *world) error { return w.create(owner, imgN, names(theKey, key.OnImageDeletion)) }},
	{"foreign image names it", "", func(w *world) error { return w.create(stranger, imgN, names(theKey, key.OnImageDeletion)) }},
	{"consumer comes", "", func(w *world) error { return w.addConsumer() }},
	{"consumer goes", "", func(w *world) error { return w.removeConsumer() }},
	{"owner deletes", "", func(w *world) error { return w.removeKey(owner, false) }},
	{"owner forces", "", func(w *world) error { return w.removeKey(owner, true) }},
	{"admin forces", "", func(w *world) error { return w.removeKey(admin, true) }},
	{"owner makes it", "", func(w *world) error { return w.makes(owner) }},
	{"payload comes", "", func(w *world) error { return w.fill(theKey, []byte("x")) }},
	{"operator restores", "", func(w *world) error { return w.restoreKey() }},
	{"due", "", func(w *world) error { return w.late().sweep() }},
	{"due, deletions off", "", func(w *world) error { w.restored(); return w.late().sweep() }},
	{"due, secret scheduled", "", func(w *world) error { w.schedule(); return w.late().sweep() }},
	{"due, secret missing", "", func(w *world) error { w.loseAll(); return w.late().sweep() }},
	{"due, vault away", "", func(w *world) error {
		v := w.late().under(&gate{})
		v.keys.Vault = unreachable{w.vault}
		return v.sweep()
	}},
	{"A patched away", imgA, func(w *world) error { return w.update(owner, imgA, remove(key.CinderKey)) }},
	{"A wishes to keep", imgA, func(w *world) error { return w.update(owner, imgA, set(key.CinderPolicy, "do_not_delete")) }},
	{"A given to B", imgA, func(w *world) error { return w.update(admin, imgA, set("owner", "b")) }},
	{"A deleted", imgA, func(w *world) error { return w.delete(imgA) }},
	{"A deleted and restored", imgA, func(w *world) error { return errors.Join(w.delete(imgA), w.restoreImage(imgA)) }},
	{"A purged", imgA, func(w *world) error { return w.end(imgA) }},
	{"A purged, payload comes", imgA, func(w *world) error { return errors.Join(w.end(imgA), w.fill(theKey, []byte("x"))) }},
	{"A2 purged", imgA2, func(w *world) error { return w.end(imgA2) }},
	{"A2 wishes it gone, purged", imgA2, func(w *world) error {
		return errors.Join(w.update(owner, imgA2, set(key.CinderPolicy, key.OnImageDeletion)), w.end(imgA2))
	}},
	{"B patched away", imgB, func(w *world) error { return w.update(stranger, imgB, remove(key.CinderKey)) }},
	{"B given to A", imgB, func(w *world) error { return w.update(admin, imgB, set("owner", "a")) }},
	{"B given to A and purged", imgB, func(w *world) error {
		return errors.Join(w.update(admin, imgB, set("owner", "a")), w.end(imgB))
	}},
	{"B deleted and restored", imgB, func(w *world) error { return errors.Join(w.delete(imgB), w.restoreImage(imgB)) }},
	{"B purged", imgB, func(w *world) error { return w.end(imgB) }},
}

// late moves the clock to when the key is due.
func (w *world) late() *world {
	if r := w.record(theKey); r != nil && r.Due.After(w.now()) {
		*w.clock = r.Due
	}
	return w
}

// restored has the vault say that the table is a copy.
func (w *world) restored() { w.must(w.vault.RaiseEpoch(w.ctx(), 1)) }

func (w *world) schedule() {
	for n := range w.secrets() {
		w.must(w.vault.Schedule(w.ctx(), n, window))
	}
}

// loseAll empties the vault.
func (w *world) loseAll() {
	for n := range w.secrets() {
		w.destroy(n)
	}
}

// destroy has a secret go as if its window were over.
func (w *world) destroy(n vault.Name) {
	state := w.vault.Snapshot()
	state.Secrets = slices.DeleteFunc(state.Secrets, func(s vaultmemory.Secret) bool { return s.Name == n })
	w.vault.Load(state)
}

// An unreachable is a vault that cannot be reached.
type unreachable struct{ vault.Vault }

func (unreachable) Describe(context.Context, vault.Name) (vault.Secret, error) {
	return vault.Secret{}, vault.ErrBusy
}

func (unreachable) Schedule(context.Context, vault.Name, time.Duration) error { return vault.ErrBusy }

// TestStatesAndEvents plays every event in every state, and holds what becomes of the
// key against testdata/states.txt. Each line there was held against the rules by hand.
func TestStatesAndEvents(t *testing.T) {
	stored, err := os.ReadFile("testdata/states.txt")
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(strings.TrimSpace(string(stored)), "\n")
	var got []string
	for _, state := range states {
		for _, event := range events {
			w := newWorld(t)
			state.make(w)
			if img := w.found(event.image); event.image != "" && (img == nil || !img.Status.Exists()) {
				continue
			}
			before := w.show(theKey)
			err := event.do(w)
			line := fmt.Sprintf("%s | %s | %s -> %s%s", state.name, event.name, before, w.show(theKey), answered(err))
			got = append(got, line)
			if !slices.Contains(want, line) {
				t.Errorf("unexpected: %s", line)
			}
			if !strings.Contains(event.name, "secret") { // those are done behind our back
				for _, fault := range w.faults() {
					t.Errorf("%s: %s", line, fault)
				}
			}
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d events were played, %d are told of", len(got), len(want))
	}
}

func answered(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, key.ErrNotFound):
		return " | not found"
	case problem.Is(err, problem.Conflict):
		return " | conflict"
	case strings.Contains(err.Error(), vault.ErrBusy.Error()):
		return " | not now"
	}
	return " | " + err.Error()
}
