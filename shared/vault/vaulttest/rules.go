package vaulttest

import (
	"context"
	"errors"
	"time"

	"github.com/gander-images/gander/shared/vault"
)

var createTests = []test{
	{"keeps a value", func(w world) {
		w.isAbsent(1)
		w.create(1)
		w.holds(1)
		w.isAbsent(2)
	}},
	{"again with the same value", func(w world) {
		w.create(1)
		w.create(1)
		w.holds(1)
	}},
	{"again with another value", func(w world) {
		w.create(1)
		w.fails(w.Vault.Create(w.ctx, w.name(1), value(2)), vault.ErrExists)
		w.holds(1)
	}},
	{"generations apart", func(w world) {
		w.create(1)
		w.create(11)
		w.schedule(1)
		w.holds(11)
		w.isScheduled(1)
	}},
	{"while it is scheduled", func(w world) {
		w.create(1)
		w.schedule(1)
		w.fails(w.Vault.Create(w.ctx, w.name(1), value(1)), vault.ErrScheduled)
		w.isScheduled(1)
	}},
	{"another while it is scheduled", func(w world) {
		w.create(1)
		w.schedule(1)
		w.fails(w.Vault.Create(w.ctx, w.name(1), value(2)), vault.ErrScheduled)
		w.ok(w.Vault.Restore(w.ctx, w.name(1)))
		w.holds(1)
	}},
}

var scheduleTests = []test{
	{"hides the value", func(w world) {
		w.create(1)
		w.schedule(1)
		w.isScheduled(1)
	}},
	{"of nothing", func(w world) {
		w.fails(w.Vault.Schedule(w.ctx, w.name(1), week), vault.ErrNotFound)
		w.isAbsent(1)
	}},
	{"again keeps its time", func(w world) {
		w.create(1)
		w.schedule(1)
		before := w.isScheduled(1)
		w.ok(w.Vault.Schedule(w.ctx, w.name(1), vault.MaxWindow))
		if after := w.isScheduled(1); after.Sub(before).Abs() > time.Hour {
			w.Errorf("it was to be gone at %s, and now at %s", before, after)
		}
	}},
	{"the longest window", func(w world) {
		w.create(1)
		w.create(2)
		w.schedule(1)
		w.ok(w.Vault.Schedule(w.ctx, w.name(2), vault.MaxWindow))
		if more := w.isScheduled(2).Sub(w.isScheduled(1)); more < vault.MaxWindow-week-time.Hour || more > vault.MaxWindow-week+time.Hour {
			w.Errorf("23 days more of a window are %s", more)
		}
	}},
}

var restoreTests = []test{
	{"brings it back", func(w world) {
		w.create(1)
		w.schedule(1)
		w.ok(w.Vault.Restore(w.ctx, w.name(1)))
		w.holds(1)
	}},
	{"of nothing", func(w world) { w.fails(w.Vault.Restore(w.ctx, w.name(1)), vault.ErrNotFound) }},
	{"of one that is not scheduled", func(w world) {
		w.create(1)
		w.ok(w.Vault.Restore(w.ctx, w.name(1)))
		w.holds(1)
	}},
	{"and schedule once more", func(w world) {
		w.create(1)
		w.schedule(1)
		w.ok(w.Vault.Restore(w.ctx, w.name(1)))
		w.schedule(1)
		w.isScheduled(1)
	}},
}

var errStop = errors.New("that is enough")

var listTests = []test{
	{"has all, scheduled ones too", func(w world) {
		w.create(1)
		w.create(2)
		w.schedule(2)
		gone := w.isScheduled(2)
		got := w.listed()
		if len(got) != 2 || got[1] != (vault.Secret{Name: w.name(1)}) || !got[2].Scheduled || got[2].GoneAt.Sub(gone).Abs() > time.Hour {
			w.Errorf("listed: %+v", got)
		}
	}},
	{"more than a page", func(w world) {
		const many = 130
		for n := 1; n <= many; n++ {
			w.create(n)
		}
		if got := len(w.listed()); got != many {
			w.Errorf("%d of %d are listed", got, many)
		}
	}},
	{"ends when the visitor fails", func(w world) {
		w.create(1)
		w.create(2)
		visits := 0
		err := w.Vault.List(w.ctx, func(vault.Secret) error {
			visits++
			return errStop
		})
		if !errors.Is(err, errStop) || visits != 1 {
			w.Errorf("%d visits, %v", visits, err)
		}
	}},
	{"has no epoch among keys", func(w world) {
		epoch, err := w.Vault.Epoch(w.ctx)
		w.ok(err)
		w.ok(w.Vault.RaiseEpoch(w.ctx, epoch+1))
		w.ok(w.Vault.List(w.ctx, func(s vault.Secret) error { return vault.CheckName(s.Name) }))
		if got := w.listed(); len(got) != 0 {
			w.Errorf("listed: %+v", got)
		}
	}},
	{"lets the visitor call", func(w world) {
		w.create(1)
		w.create(2)
		w.ok(w.Vault.List(w.ctx, func(s vault.Secret) error {
			if s.Name.Key != w.key || s.Scheduled {
				return nil
			}
			return w.Vault.Schedule(w.ctx, s.Name, week)
		}))
		w.isScheduled(1)
		w.isScheduled(2)
	}},
}

var epochTests = []test{
	{"is raised and never lowered", func(w world) {
		before, err := w.Vault.Epoch(w.ctx)
		w.ok(err)
		for _, n := range []int64{before + 3, before + 1, before + 3, 0} {
			w.ok(w.Vault.RaiseEpoch(w.ctx, n))
			if got, err := w.Vault.Epoch(w.ctx); err != nil || got != before+3 {
				w.Fatalf("after raising it to %d it is %d, %v; want %d", n, got, err, before+3)
			}
		}
	}},
}

var ended = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()
