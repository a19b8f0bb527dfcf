package vaulttest

import (
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/gander-images/gander/shared/vault"
)

var raceTests = []test{
	{"one value wins", func(w world) {
		const many = 8
		errs := make([]error, many)
		var all sync.WaitGroup
		for n := range many {
			all.Go(func() { errs[n] = w.Vault.Create(w.ctx, w.name(1), value(n)) })
		}
		all.Wait()
		won := slices.Index(errs, nil)
		for n, err := range errs {
			if n != won && !errors.Is(err, vault.ErrExists) {
				w.Errorf("value %d beside value %d: %v", n, won, err)
			}
		}
		got, err := w.Vault.Get(w.ctx, w.name(1))
		if won < 0 || err != nil || string(got) != string(value(won)) {
			w.Errorf("value %d won, %q is there, %v", won, got, err)
		}
	}},
	{"all make the same", func(w world) {
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				if err := w.Vault.Create(w.ctx, w.name(1), value(1)); err != nil {
					w.Error(err)
				}
			})
		}
		all.Wait()
		w.holds(1)
	}},
	{"schedule and restore end in one of both", func(w world) {
		w.create(1)
		var all sync.WaitGroup
		for n := range 8 {
			all.Go(func() {
				change := func() error { return w.Vault.Restore(w.ctx, w.name(1)) }
				if n%2 == 0 {
					change = func() error { return w.Vault.Schedule(w.ctx, w.name(1), week) }
				}
				if err := change(); err != nil {
					w.Error(err)
				}
			})
		}
		all.Wait()
		w.ok(w.Vault.Restore(w.ctx, w.name(1)))
		w.holds(1)
	}},
}

// A write is what can be broken. It is repeated until it is answered.
type write struct {
	name   string
	before func(world)
	do     func(world, vault.Vault) error
	undone func(world) // holds while it has not happened
	done   func(world)
}

var writes = []write{
	{
		"Create",
		func(world) {},
		func(w world, v vault.Vault) error { return v.Create(w.ctx, w.name(1), value(1)) },
		func(w world) { w.isAbsent(1) },
		func(w world) { w.holds(1) },
	},
	{
		"Schedule",
		func(w world) { w.create(1) },
		func(w world, v vault.Vault) error { return v.Schedule(w.ctx, w.name(1), week) },
		func(w world) { w.holds(1) },
		func(w world) { w.isScheduled(1) },
	},
	{
		"Restore",
		func(w world) { w.create(1); w.schedule(1) },
		func(w world, v vault.Vault) error { return v.Restore(w.ctx, w.name(1)) },
		func(w world) { w.isScheduled(1) },
		func(w world) { w.holds(1) },
	},
}

// faultTests break each write twice: it did not happen; it happened and the answer was
// lost. Then the same call again must leave what one call does.
var faultTests = func() (tests []test) {
	for _, c := range writes {
		for _, fate := range []Fate{Lost, Unanswered} {
			tests = append(tests, test{c.name + " " + fate.String(), func(w world) {
				c.before(w)
				d := NewDouble(w.Vault, 1, time.Now)
				d.Next(fate)
				w.fails(c.do(w, d), vault.ErrUnknown)
				if fate == Lost {
					c.undone(w)
				} else {
					c.done(w)
				}
				w.ok(c.do(w, d))
				c.done(w)
			}})
		}
		tests = append(tests, test{c.name + " twice, late", func(w world) {
			c.before(w)
			d := NewDouble(w.Vault, 1, time.Now)
			d.Next(Twice)
			w.ok(c.do(w, d))
			w.ok(d.Deliver(w.ctx, 0))
			c.done(w)
		}})
	}
	return append(tests, test{"Create arrives after all was scheduled", func(w world) {
		d := NewDouble(w.Vault, 1, time.Now)
		d.Next(Twice)
		w.ok(d.Create(w.ctx, w.name(1), value(1)))
		w.schedule(1)
		w.fails(d.Deliver(w.ctx, 0), vault.ErrScheduled)
		w.isScheduled(1)
	}})
}()

func standsStill(s Store) string {
	if s.Advance == nil {
		return "nobody can let this engine's time pass"
	}
	return ""
}

var windowTests = []test{
	{"it is gone after its window", func(w world) {
		w.create(1)
		w.schedule(1)
		w.Advance(week - time.Minute)
		w.isScheduled(1)
		w.Advance(2 * time.Minute)
		w.isAbsent(1)
		w.fails(w.Vault.Restore(w.ctx, w.name(1)), vault.ErrNotFound)
		w.fails(w.Vault.Schedule(w.ctx, w.name(1), week), vault.ErrNotFound)
	}},
	{"its name is free then", func(w world) {
		w.ok(w.Vault.Create(w.ctx, w.name(1), value(2)))
		w.schedule(1)
		w.Advance(week + time.Minute)
		w.create(1)
		w.holds(1)
		w.Advance(vault.MaxWindow)
		w.holds(1)
	}},
	{"a restore ends it", func(w world) {
		w.create(1)
		w.schedule(1)
		w.Advance(week - time.Minute)
		w.ok(w.Vault.Restore(w.ctx, w.name(1)))
		w.Advance(2 * vault.MaxWindow)
		w.holds(1)
		w.schedule(1)
		w.Advance(week - time.Minute)
		w.isScheduled(1)
	}},
	{"the first window counts", func(w world) {
		w.create(1)
		w.schedule(1)
		w.Advance(week / 2)
		w.ok(w.Vault.Schedule(w.ctx, w.name(1), vault.MaxWindow))
		w.Advance(week/2 + time.Minute)
		w.isAbsent(1)
	}},
	{"others stay", func(w world) {
		w.create(1)
		w.create(2)
		w.schedule(1)
		w.Advance(week + time.Minute)
		w.holds(2)
		if got := w.listed(); len(got) != 1 {
			w.Errorf("listed: %+v", got)
		}
	}},
}

func cannotReopen(s Store) string {
	if s.Reopen == nil {
		return "there is nothing to reopen"
	}
	return ""
}

var reopenTests = []test{
	{"keeps all", func(w world) {
		w.create(1)
		w.create(2)
		w.schedule(2)
		before := w.isScheduled(2)
		epoch, err := w.Vault.Epoch(w.ctx)
		w.ok(err)
		w.ok(w.Vault.RaiseEpoch(w.ctx, epoch+7))
		w.Store = w.Reopen(w.T)
		w.holds(1)
		if after := w.isScheduled(2); after.Sub(before).Abs() > time.Hour {
			w.Errorf("it was to be gone at %s, and now at %s", before, after)
		}
		if got, err := w.Vault.Epoch(w.ctx); err != nil || got != epoch+7 {
			w.Errorf("the epoch is %d, %v", got, err)
		}
		w.ok(w.Vault.Restore(w.ctx, w.name(2)))
		w.holds(2)
	}},
}
