package key_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/key"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/task"
	"github.com/gander-images/gander/shared/vault"
)

// findings are what an audit tells of reports, as "kind key generation".
func (w *world) findings() (all []string) {
	w.t.Helper()
	for next, first := "", true; first || next != ""; first = false {
		page, err := w.keys.Audit(w.ctx(), w.grant(policy.ManageKeys, admin, "a"), next, 1)
		w.must(err)
		for _, f := range page.Findings {
			if f.Person {
				all = append(all, fmt.Sprintf("%s %s %d", f.Kind, f.Key, f.Generation))
			}
		}
		next = page.Next
	}
	return all
}

// told are the tasks about keys on an image.
func (w *world) told(id string) (messages []string) {
	w.t.Helper()
	tasks, err := task.OfImage(w.ctx(), w.table, id, w.now())
	w.must(err)
	for _, one := range tasks {
		if one.Type == key.TaskType {
			messages = append(messages, one.Message)
		}
	}
	return messages
}

// drop takes a secret out of the vault behind the service's back.
func (w *world) drop(n vault.Name) {
	state := w.vault.Snapshot()
	kept := state.Secrets[:0]
	for _, s := range state.Secrets {
		if s.Name != n {
			kept = append(kept, s)
		}
	}
	state.Secrets = kept
	w.vault.Load(state)
}

func name(id string, generation int) vault.Name { return vault.Name{Key: id, Generation: generation} }

// held is a usable key with an image of its owner's and one of another project.
func held(w *world) {
	w.makeKey(theKey)
	w.must(w.create(owner, imgA, names(theKey, "on_image_deletion")))
	w.must(w.create(stranger, imgB, names(theKey, "on_image_deletion")))
	*w.clock = w.now().Add(time.Hour)
}

// perhaps stands for one or none.
const perhaps = -1

// What somebody did behind the service's back, and what rounds make of it.
var behind = map[string]struct {
	do    func(*world)
	shown string   // of the key
	found []string // reports
	told  int      // tasks of its owner's image; or perhaps one, where a round failed to find what is left
}{
	"nothing":   {func(*world) {}, "live 2/1, 1", nil, 0},
	"scheduled": {func(w *world) { w.must(w.vault.Schedule(w.ctx(), name(theKey, 1), window)) }, "live 2/1, 1", nil, 0},
	"lost":      {func(w *world) { w.drop(name(theKey, 1)) }, "live 2/1", []string{"missing " + theKey + " 1"}, 1},
	"a stray": {func(w *world) {
		w.must(w.vault.Create(w.ctx(), name(theKey, 3), []byte("value of "+theKey)))
	}, "live 2/1, 1, 3 ends", nil, 0},
	"lost, and a stray": {func(w *world) {
		w.must(w.vault.Create(w.ctx(), name(theKey, 3), []byte("value of "+theKey)))
		w.drop(name(theKey, 1))
	}, "live 2/1, 3", nil, perhaps},
	"lost, and a scheduled stray": {func(w *world) {
		w.must(w.vault.Create(w.ctx(), name(theKey, 3), []byte("value of "+theKey)))
		w.must(w.vault.Schedule(w.ctx(), name(theKey, 3), window))
		w.drop(name(theKey, 1))
	}, "live 2/1, 3", nil, perhaps},
	"a secret of nobody": {func(w *world) {
		w.must(w.vault.Create(w.ctx(), name(unknown, 1), []byte("whose?")))
	}, "live 2/1, 1", []string{"unrecorded " + unknown + " 1"}, 0},
	"a scheduled secret of nobody": {func(w *world) {
		w.must(w.vault.Create(w.ctx(), name(unknown, 2), []byte("whose?")))
		w.must(w.vault.Schedule(w.ctx(), name(unknown, 2), 30*24*time.Hour))
	}, "live 2/1, 1", []string{"unrecorded " + unknown + " 2"}, 0},
}

func (w *world) settles(t *testing.T, shown string, found []string, told int) {
	t.Helper()
	w.must(w.sweep())
	if got := w.show(theKey); got != shown {
		t.Errorf("the key is %s, not %s", got, shown)
	}
	if got := w.findings(); !slices.Equal(got, found) {
		t.Errorf("told of %q, not %q", got, found)
	}
	mine, theirs := w.told(imgA), w.told(imgB)
	if told == perhaps && len(mine) == 1 {
		told = 1
	}
	if len(mine) != max(told, 0) || len(theirs) != 0 {
		t.Errorf("its owner's image has tasks %q, that of another project %q", mine, theirs)
	}
	for _, m := range mine {
		if strings.Contains(m, theKey) || strings.Contains(m, imgB) {
			t.Errorf("the task names what is not its owner's to know: %s", m)
		}
	}
	// The secret of nobody stays as it was: the first on hand, the second scheduled.
	for _, s := range w.vault.Snapshot().Secrets {
		if s.Name.Key == unknown && s.GoneAt.IsZero() != (s.Name.Generation == 1) {
			t.Errorf("the secret of nobody, generation %d, is gone at %s", s.Name.Generation, s.GoneAt)
		}
	}
}

// TestRoundSettles has rounds meet what should not be so, each write broken in each
// way; later rounds change nothing more.
func TestRoundSettles(t *testing.T) {
	for what, b := range behind {
		t.Run(what, func(t *testing.T) {
			set := func(w *world) {
				held(w)
				b.do(w)
			}
			broken(t, set, func(w *world) error { return w.keys.Round(w.ctx()) }, func(t *testing.T, w *world) {
				for range 2 {
					w.hour()
					w.settles(t, b.shown, b.found, b.told)
				}
			})
		})
	}
}

// What comes back is no longer told of.
func TestReportsAreWithdrawn(t *testing.T) {
	w := newWorld(t)
	held(w)
	state := w.vault.Snapshot()
	w.drop(name(theKey, 1))
	w.must(w.vault.Create(w.ctx(), name(unknown, 1), []byte("whose?")))
	w.hour()
	if got := w.findings(); len(got) != 2 {
		t.Fatalf("told of %q", got)
	}
	w.vault.Load(state)
	w.hour()
	if got := w.findings(); len(got) != 0 {
		t.Errorf("still told of %q", got)
	}
	if len(w.told(imgA)) != 1 {
		t.Errorf("tasks: %q", w.told(imgA))
	}
}
