package key_test

import (
	"errors"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/problem"
	"github.com/gander-images/gander/shared/vault/vaulttest"
)

// TestLateDeletionMeetsRestore has a deletion that was given up arrive before each call
// of the operator's restore, and after it. The key is restored, and stays.
func TestLateDeletionMeetsRestore(t *testing.T) {
	for at, more := 1, true; more; at++ {
		w := newWorld(t)
		d := w.doubled(1)
		w.makeKey(theKey)
		w.must(w.create(stranger, imgB, names(theKey)))
		w.must(w.removeKey(owner, true))
		d.Next(vaulttest.Late)
		if err := w.sweep(); err == nil {
			t.Fatal("a deletion without an answer is taken for done")
		}
		g := &gate{at: at, happens: func() { w.deliver(d) }}
		other := *w
		other.use(gatedTable{w.table, g}, gatedVault{d, g})
		if err := other.restoreKey(); err != nil {
			t.Errorf("before call %d: restoring answers %v", at, err)
		}
		more = g.seen >= at
		w.deliver(d)
		w.wantUsable(theKey)
		w.quiet()
		w.wantUsable(theKey)
	}
}

// TestTwoOperators has one restore meet another before each of its calls. One of them
// is told that it brought the key back.
func TestTwoOperators(t *testing.T) {
	for at, more := 1, true; more; at++ {
		w := newWorld(t)
		w.makeKey(theKey)
		w.must(w.removeKey(owner, false))
		w.must(w.sweep())
		met := errors.New("nobody was met")
		g := &gate{at: at, happens: func() { met = w.restoreKey() }}
		under := w.under(g)
		err := again(func() error { return under.restoreKey() })
		if more = g.seen >= at; !more {
			break
		}
		if (err == nil) == (met == nil) {
			t.Errorf("before call %d: the operators are answered %v and %v", at, err, met)
		}
		for _, refused := range []error{err, met} {
			if refused != nil && !problem.Is(refused, problem.Conflict) {
				t.Errorf("before call %d: an operator is answered %v", at, refused)
			}
		}
		w.quiet()
		w.wantUsable(theKey)
		if n := len(w.secrets()); n != 1 {
			t.Errorf("before call %d: %d secrets are left", at, n)
		}
	}
}

// TestRestoresThatDie: a restore that died at any of its calls is over within twenty
// minutes, and can be made again; one that is under way is left alone by the sweeper.
func TestRestoresThatDie(t *testing.T) {
	scheduled := func() *world {
		w := newWorld(t)
		w.makeKey(theKey)
		w.must(w.removeKey(owner, false))
		w.must(w.sweep())
		return w
	}
	for _, how := range []breakage{diedBefore, diedAfter} {
		for at, more := 1, true; more; at++ {
			w, g := scheduled(), &gate{at: at, how: how}
			err := w.under(g).restoreKey()
			if more = g.seen >= at; (err == nil) == more {
				t.Errorf("%s %d: answered %v", how, at, err)
			}
			*w.clock = w.now().Add(20 * time.Minute)
			w.must(w.sweep())
			w.must(w.sweep())
			if !w.record(theKey).Usable() {
				w.must(w.restoreKey())
			}
			w.wantUsable(theKey)
		}
	}
	for at, more := 1, true; more; at++ {
		w := scheduled()
		g := &gate{at: at, happens: func() { w.must(w.sweep()) }}
		if err := w.under(g).restoreKey(); err != nil {
			t.Errorf("swept before call %d: answered %v", at, err)
		}
		more = g.seen >= at
		w.wantUsable(theKey)
	}
}
