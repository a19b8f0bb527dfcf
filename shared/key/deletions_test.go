package key_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gander-images/gander/shared/key"
	"github.com/gander-images/gander/shared/policy"
)

// A table that was restored from a copy deletes nothing, until an operator says that
// it is right; and what he says counts for this table alone.
func TestRestoredTablesDeleteNothing(t *testing.T) {
	w := newWorld(t)
	w.makeKey(theKey)
	w.must(w.create(owner, imgA, names(theKey, "on_image_deletion")))
	w.must(w.end(imgA))
	w.must(w.keys.Round(w.ctx()))
	copied := w.table.Fork()
	w.hour()
	w.table = copied
	w.use(w.table, w.vault)
	if d, at := w.epochs(); d.Enabled || !at.Behind() || !strings.Contains(d.Why, "restored") {
		t.Errorf("before anybody acts: %+v, %+v", d, at)
	}
	*w.clock = w.now().Add(2 * delay)
	w.must(w.sweep())
	if d, at := w.epochs(); d.Since.IsZero() || !at.Behind() {
		t.Errorf("after a sweep: %+v, %+v", d, at)
	}
	for range 3 {
		w.hour()
		w.must(w.sweep())
	}
	if shown := w.show(theKey); !strings.HasPrefix(shown, "condemned") || strings.Contains(shown, "ends") {
		t.Errorf("the restored table has its key %s", shown)
	}
	if d, _ := w.epochs(); d.Enabled || d.Since.IsZero() {
		t.Errorf("after rounds: %+v", d)
	}
	g := w.grant(policy.ManageKeys, admin, "a")
	if _, err := w.keys.SetDeletions(w.ctx(), w.grant(policy.ManageKeys, owner, "a"), true, ""); err == nil {
		t.Error("a member turned deletions on")
	}
	d, err := w.keys.SetDeletions(w.ctx(), g, true, "looked through")
	w.must(err)
	if _, at := w.epochs(); !d.Enabled || at.Behind() || at.Table < 2 {
		t.Errorf("turned on: %+v, %+v", d, at)
	}
	*w.clock = w.now().Add(2 * time.Hour)
	w.must(w.sweep())
	if shown := w.show(theKey); !strings.HasPrefix(shown, "scheduled") {
		t.Errorf("turned on, the key is %s", shown)
	}
}

// Who turns deletions on before any round has met the restored table has them on, however
// far the table is behind.
func TestTurnedOnBeforeARound(t *testing.T) {
	w := newWorld(t)
	w.must(w.vault.RaiseEpoch(w.ctx(), 9))
	_, err := w.keys.SetDeletions(w.ctx(), w.grant(policy.ManageKeys, admin, "a"), true, "looked through")
	w.must(err)
	if d, at := w.epochs(); !d.Enabled || at.Behind() {
		t.Errorf("turned on: %+v, %+v", d, at)
	}
}

// While deletions are off no generation goes: neither one that the key has moved on
// from, nor one that the table knows nothing of, which may be the key.
func TestNoGenerationGoesWhileOff(t *testing.T) {
	for what, c := range map[string]struct {
		set      func(*world)
		off, end string
	}{
		"a restored key's": {func(w *world) {
			w.makeKey(theKey)
			w.must(w.removeKey(owner, false))
			w.must(w.sweep())
			w.must(w.restoreKey())
		}, "live 0/0, 1, 2", "live 0/0, 1 ends, 2"},
		"a stray": {func(w *world) {
			held(w)
			w.must(w.vault.Create(w.ctx(), name(theKey, 3), []byte("value of "+theKey)))
		}, "live 2/1, 1, 3", "live 2/1, 1, 3 ends"},
	} {
		w := newWorld(t)
		c.set(w)
		g := w.grant(policy.ManageKeys, admin, "a")
		_, err := w.keys.SetDeletions(w.ctx(), g, false, "we are moving")
		w.must(err)
		w.hour()
		w.must(w.sweep())
		if got := w.show(theKey); got != c.off {
			t.Errorf("%s, while off: %s", what, got)
		}
		_, err = w.keys.SetDeletions(w.ctx(), g, true, "we have moved")
		w.must(err)
		w.hour()
		w.must(w.sweep())
		if got := w.show(theKey); got != c.end {
			t.Errorf("%s, on again: %s", what, got)
		}
	}
}

// Turning deletions on with a broken write leaves them on or off, never half, and
// can be said again.
func TestBrokenSwitch(t *testing.T) {
	set := func(w *world) {
		w.must(w.keys.Round(w.ctx()))
		copied := w.table.Fork()
		w.hour()
		w.table = copied
		w.use(w.table, w.vault)
	}
	on := func(w *world) error {
		_, err := w.keys.SetDeletions(w.ctx(), w.grant(policy.ManageKeys, admin, "a"), true, "why")
		return err
	}
	broken(t, set, on, func(t *testing.T, w *world) {
		if d, at := w.epochs(); d.Enabled && at.Behind() {
			t.Errorf("%+v, %+v", d, at)
		}
		w.must(on(w))
		if d, at := w.epochs(); !d.Enabled || at.Behind() {
			t.Errorf("said again: %+v, %+v", d, at)
		}
	})
}

// TestStopIsToldOnceItIsSo: whoever reads that keys are not deleted any more can rely on it.
func TestStopIsToldOnceItIsSo(t *testing.T) {
	for how, want := range map[breakage]int{lostBefore: 0, diedBefore: 0, -1: 1} {
		w := newWorld(t)
		other := w.under(&gate{at: 1, how: how})
		if how < 0 {
			other = w
		}
		told := 0
		other.keys.Measure = func(m key.Measure) { told += m.Value }
		_, err := other.keys.SetDeletions(w.ctx(), w.grant(policy.ManageKeys, admin, "a"), false, "why")
		d, _ := w.epochs()
		if (err == nil) != (want == 1) || told != want || d.Enabled != (want == 0) {
			t.Errorf("broken by %d: answered %v, told %d times, %+v", how, err, told, d)
		}
	}
}

// Numbers that are raised in any order by sweeps, restores of any copy and operators:
// a table that was restored from a copy taken before the last raise is known for one.
func TestEpochs(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		w := newWorld(t)
		w.must(w.keys.Round(w.ctx()))
		copies := []int64{}
		tables := []func(){}
		old := false // the table was restored, and nobody has said that it is right
		for range rapid.IntRange(1, 12).Draw(r, "steps") {
			switch rapid.IntRange(0, 3).Draw(r, "step") {
			case 0:
				w.hour()
			case 1:
				_, at := w.epochs()
				copied := w.table.Fork()
				copies, tables = append(copies, at.Table), append(tables, func() { w.table = copied.Fork() })
			case 2:
				if len(copies) == 0 {
					continue
				}
				_, at := w.epochs()
				i := rapid.IntRange(0, len(copies)-1).Draw(r, "copy")
				tables[i]()
				w.use(w.table, w.vault)
				old = copies[i] < at.Vault
			case 3:
				_, err := w.keys.SetDeletions(w.ctx(), w.grant(policy.ManageKeys, admin, "a"), true, "")
				w.must(err)
				if d, at := w.epochs(); !d.Enabled || at.Behind() {
					r.Fatalf("turned on: %+v %+v", d, at)
				}
				old = false
			}
			if d, at := w.epochs(); old && d.Enabled {
				r.Fatalf("a table that was restored deletes keys: %+v, %+v", d, at)
			}
		}
	})
}
