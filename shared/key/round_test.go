package key_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/key"
	"github.com/gander-images/gander/shared/table"
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
