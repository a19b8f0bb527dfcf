package key_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gander-images/gander/shared/key"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/table"
	"github.com/gander-images/gander/shared/task"
	"github.com/gander-images/gander/shared/vault"
)

// A roundVault is gated at what only rounds call, too.
type roundVault struct{ gatedVault }

func (v roundVault) RaiseEpoch(ctx context.Context, n int64) error {
	return v.write(vault.ErrUnknown, func() error { return v.Vault.RaiseEpoch(ctx, n) })
}

func (v roundVault) Epoch(ctx context.Context) (n int64, err error) {
	err = v.read(func() error { n, err = v.Vault.Epoch(ctx); return err })
	return n, err
}

func (v roundVault) List(ctx context.Context, visit func(vault.Secret) error) error {
	return v.read(func() error { return v.Vault.List(ctx, visit) })
}

// gated is under with the calls of rounds.
func (w *world) gated(g *gate) *world {
	other := *w
	other.use(gatedTable{w.table, g}, roundVault{gatedVault{w.vault, g}})
	return &other
}

func (w *world) epochs() (key.Deletions, key.Epochs) {
	w.t.Helper()
	d, at, err := w.keys.Deletions(w.ctx())
	w.must(err)
	return d, at
}

// hour lets an hour pass, and has the round done.
func (w *world) hour() {
	w.t.Helper()
	*w.clock = w.now().Add(time.Hour)
	w.must(w.keys.Round(w.ctx()))
}

// broken has something done with each of its writes broken in each way, each time in a
// world of its own, and then looks at it.
func broken(t *testing.T, set func(*world), do func(*world) error, look func(t *testing.T, w *world)) {
	t.Helper()
	w := newWorld(t)
	set(w)
	counted := &gate{}
	w.must(do(w.gated(counted)))
	if counted.seen == 0 {
		t.Fatal("nothing was written")
	}
	for at := 1; at <= counted.seen; at++ {
		for _, how := range breakages {
			t.Run(fmt.Sprintf("write %d %s", at, how), func(t *testing.T) {
				w := newWorld(t)
				set(w)
				_ = do(w.gated(&gate{at: at, how: how}))
				look(t, w)
			})
		}
	}
}

// Whatever write of a round is broken, the table is never behind its vault, and the
// next round raises both.
func TestRoundRaisesTheTableFirst(t *testing.T) {
	set := func(w *world) {
		w.makeKey(theKey)
		w.must(w.keys.Round(w.ctx()))
		*w.clock = w.now().Add(time.Hour)
	}
	broken(t, set, func(w *world) error { return w.keys.Round(w.ctx()) }, func(t *testing.T, w *world) {
		d, at := w.epochs()
		if !d.Enabled || at.Behind() {
			t.Errorf("a broken round leaves %+v, %+v", d, at)
		}
		w.hour()
		if d, next := w.epochs(); !d.Enabled || next.Table != next.Vault || next.Table <= at.Vault {
			t.Errorf("from %+v the next round leads to %+v, %+v", at, d, next)
		}
	})
}

// reads counts calls that read.
type reads struct {
	table.Table
	count *int
}

func (r reads) Get(ctx context.Context, keys ...table.Key) ([]*table.Item, error) {
	*r.count++
	return r.Table.Get(ctx, keys...)
}

func (r reads) Query(ctx context.Context, q table.Query) (table.Page, error) {
	*r.count++
	return r.Table.Query(ctx, q)
}

// silent is a vault that nobody may call.
type silent struct{ vault.Vault }

func TestRoundIsCheapWhileNothingIsDue(t *testing.T) {
	w := newWorld(t)
	w.makeKey(theKey)
	w.must(w.keys.Round(w.ctx()))
	before, count := w.table.Made(), 0
	w.use(reads{w.table, &count}, silent{})
	for range 3 {
		*w.clock = w.now().Add(19 * time.Minute)
		w.must(w.keys.Round(w.ctx()))
	}
	if count != 3 || w.table.Made() != before {
		t.Errorf("three rounds before their time read %d times, and made %d changes", count, w.table.Made()-before)
	}
}

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

// faraway is a vault out of reach.
type faraway struct{ vault.Vault }

func (faraway) Epoch(context.Context) (int64, error)                 { return 0, vault.ErrBusy }
func (faraway) RaiseEpoch(context.Context, int64) error              { return vault.ErrBusy }
func (faraway) List(context.Context, func(vault.Secret) error) error { return vault.ErrBusy }
func (faraway) Describe(context.Context, vault.Name) (vault.Secret, error) {
	return vault.Secret{}, vault.ErrBusy
}
func (faraway) Restore(context.Context, vault.Name) error                 { return vault.ErrBusy }
func (faraway) Schedule(context.Context, vault.Name, time.Duration) error { return vault.ErrBusy }

// While the vault is out of reach a round fails, reports nothing and raises nothing.
func TestRoundWithoutAVault(t *testing.T) {
	w := newWorld(t)
	held(w)
	w.must(w.keys.Round(w.ctx()))
	before := w.table.Hash()
	w.use(w.table, faraway{w.vault})
	*w.clock = w.now().Add(time.Hour)
	if err := w.keys.Round(w.ctx()); err == nil {
		t.Error("nothing is told")
	}
	if w.table.Hash() != before {
		t.Error("something was written")
	}
	w.use(w.table, w.vault)
	w.hour()
	w.settles(t, "live 2/1, 1", nil, 0)
}

// stopping cancels a context when the vault was asked so often.
type stopping struct {
	vault.Vault
	left   int
	asked  int
	cancel func()
}

func (s *stopping) Describe(ctx context.Context, n vault.Name) (vault.Secret, error) {
	if s.asked++; s.asked == s.left {
		s.cancel()
	}
	return s.Vault.Describe(context.WithoutCancel(ctx), n)
}

// A round that runs out of time goes on where it was, and begins anew an hour later.
func TestRoundGoesOn(t *testing.T) {
	const keys = 60
	w := newWorld(t)
	for i := range keys {
		w.makeKey(fmt.Sprintf("%08d-0000-4000-8000-000000000000", i))
		*w.clock = w.now().Add(time.Second)
	}
	ctx, cancel := context.WithCancel(w.ctx())
	s := &stopping{Vault: w.vault, left: 30, cancel: cancel}
	w.use(w.table, s)
	w.must(w.keys.Round(ctx))
	if s.asked < 30 || s.asked > 31 {
		t.Fatalf("asked %d times before the end", s.asked)
	}
	s.asked = 0
	w.must(w.keys.Round(w.ctx()))
	if s.asked != keys-25 {
		t.Errorf("going on, asked %d times", s.asked)
	}
	s.asked = 0
	w.must(w.keys.Round(w.ctx()))
	if s.asked != 0 {
		t.Errorf("after the end, asked %d times", s.asked)
	}
	w.hour()
	if s.asked != keys {
		t.Errorf("an hour later, asked %d times", s.asked)
	}
}

// What a round counts, and each decision, is measured.
func TestMeasures(t *testing.T) {
	w := newWorld(t)
	held(w)
	w.drop(name(theKey, 1))
	w.must(w.vault.Create(w.ctx(), name(unknown, 1), []byte("whose?")))
	got := map[string]int{}
	w.keys.Measure = func(m key.Measure) { got[m.Name+" "+m.Of] += m.Value }
	w.makeKey(otherKey)
	w.must(w.keys.Round(w.ctx()))
	for what, want := range map[string]int{
		key.MeasureDecisions + " live": 1, key.MeasureMissing + " ": 1, key.MeasureUnrecorded + " ": 1, key.MeasureOff + " ": 0,
	} {
		if n, ok := got[what]; !ok || n != want {
			t.Errorf("%s: %d (%t), want %d; all: %v", what, n, ok, want, got)
		}
	}
}
