package tabletest

import (
	"context"
	"strings"
	"sync"

	"github.com/gander-images/gander/shared/table"
)

// A Call is one call of the port, as a fault or a hook sees it. One of the
// three is set.
type Call struct {
	Keys   []table.Key   // Get
	Query  *table.Query  // Query
	Writes []table.Write // Transact
}

// A Fault breaks a call. The zero Fault breaks the next Transact so that
// nothing happens, and says ErrUnknown.
type Fault struct {
	// Landed lets the call happen and loses its answer. Otherwise the call does
	// not happen.
	Landed bool

	// Match picks the calls to break; nil picks every Transact.
	Match func(Call) bool

	// Skip lets so many matching calls pass first.
	Skip int

	// Times is how many calls to break; 0 breaks one, -1 all.
	Times int

	// Err is what the caller is told; nil tells ErrUnknown.
	Err error
}

// Touches matches a Transact with a write, or a check, in a partition that
// begins with prefix.
func Touches(prefix string) func(Call) bool {
	return matchWrite(func(w *table.Write) bool { return strings.HasPrefix(w.Key.Partition, prefix) })
}

// TouchesItem matches a Transact with a write, or a check, of items whose sort
// key begins with sort, in a partition that begins with partition.
func TouchesItem(partition, sort string) func(Call) bool {
	return matchWrite(func(w *table.Write) bool {
		return strings.HasPrefix(w.Key.Partition, partition) && strings.HasPrefix(w.Key.Sort, sort)
	})
}

// AddsTo matches a Transact that changes a counter.
func AddsTo(counter string) func(Call) bool {
	return matchWrite(func(w *table.Write) bool {
		_, ok := w.Counters[counter]
		return ok
	})
}

// Reads matches a Get of a key, or a Query of a partition, that begins with prefix.
func Reads(prefix string) func(Call) bool {
	return func(c Call) bool {
		if c.Query != nil {
			return strings.HasPrefix(c.Query.Partition, prefix)
		}
		for _, k := range c.Keys {
			if strings.HasPrefix(k.Partition, prefix) {
				return true
			}
		}
		return false
	}
}

func matchWrite(match func(*table.Write) bool) func(Call) bool {
	return func(c Call) bool {
		for i := range c.Writes {
			if match(&c.Writes[i]) {
				return true
			}
		}
		return false
	}
}

// Faulty is a table that breaks on demand. It may be used from any number of
// goroutines.
type Faulty struct {
	table table.Table

	mu     sync.Mutex
	faults []*planned
	before func(context.Context, Call) error
	after  func(context.Context, Call) error
}

type planned struct {
	Fault
	broken int
}

// NewFaulty wraps a table. Without faults and hooks it adds nothing.
func NewFaulty(t table.Table) *Faulty { return &Faulty{table: t} }

// Break adds a fault. The function returned tells how many calls it broke, so
// that a test can see that it tested something.
func (f *Faulty) Break(fault Fault) (broken func() int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p := &planned{Fault: fault}
	f.faults = append(f.faults, p)
	return func() int {
		f.mu.Lock()
		defer f.mu.Unlock()
		return p.broken
	}
}

// Mend takes all faults away.
func (f *Faulty) Mend() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults = nil
}

// Hook has before called ahead of every call of the port, and after behind
// every one that was made, so that a simulation can stop and go on, or end an
// actor, at each. An error takes the place of the call, or of its answer.
// Either may be nil.
func (f *Faulty) Hook(before, after func(context.Context, Call) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.before, f.after = before, after
}

// Get implements table.Table.
func (f *Faulty) Get(ctx context.Context, keys ...table.Key) (items []*table.Item, err error) {
	err = f.call(ctx, Call{Keys: keys}, func() (err error) {
		items, err = f.table.Get(ctx, keys...)
		return err
	})
	if err != nil {
		return nil, err
	}
	return items, nil
}

// Query implements table.Table.
func (f *Faulty) Query(ctx context.Context, q table.Query) (page table.Page, err error) {
	err = f.call(ctx, Call{Query: &q}, func() (err error) {
		page, err = f.table.Query(ctx, q)
		return err
	})
	if err != nil {
		return table.Page{}, err
	}
	return page, nil
}

// Transact implements table.Table.
func (f *Faulty) Transact(ctx context.Context, writes ...table.Write) (outcome table.Outcome, err error) {
	err = f.call(ctx, Call{Writes: writes}, func() (err error) {
		outcome, err = f.table.Transact(ctx, writes...)
		return err
	})
	if err != nil {
		return table.Outcome{}, err
	}
	return outcome, nil
}

// call makes a call between its hooks, or breaks it.
func (f *Faulty) call(ctx context.Context, c Call, do func() error) error {
	f.mu.Lock()
	before, after := f.before, f.after
	f.mu.Unlock()
	if before != nil {
		if err := before(ctx, c); err != nil {
			return err
		}
	}
	fault, broken := f.pick(c)
	if broken && !fault.Landed {
		return fault.err()
	}
	err := do()
	if broken && err == nil {
		err = fault.err()
	}
	if after != nil {
		if hookErr := after(ctx, c); hookErr != nil {
			return hookErr
		}
	}
	return err
}

// pick finds the first fault that is ready for the call, and counts it.
func (f *Faulty) pick(c Call) (Fault, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, p := range f.faults {
		if p.Times >= 0 && p.broken >= max(1, p.Times) || !p.matches(c) {
			continue
		}
		if p.Skip > 0 {
			p.Skip--
			continue
		}
		p.broken++
		return p.Fault, true
	}
	return Fault{}, false
}

func (p *planned) matches(c Call) bool {
	if p.Match == nil {
		return c.Writes != nil
	}
	return p.Match(c)
}

func (f Fault) err() error {
	if f.Err != nil {
		return f.Err
	}
	return table.ErrUnknown
}
