package key_test

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/gander-images/gander/shared/table"
	"github.com/gander-images/gander/shared/vault"
)

// A gate stands before every call of both ports. It breaks one write, or lets
// something happen just before one call.
type gate struct {
	mu      sync.Mutex
	at      int      // which write, or call; 0: none
	how     breakage // of a write
	happens func()   // instead of a breakage, before any call
	seen    int
	dead    bool
}

type breakage int

const (
	lostBefore breakage = iota // it did not happen, and the answer is "unknown"
	lostAfter                  // it happened, and the answer is "unknown"
	diedBefore                 // it did not happen, and the process is gone
	diedAfter                  // it happened, and the process is gone
)

var breakages = []breakage{lostBefore, lostAfter, diedBefore, diedAfter}

func (b breakage) String() string {
	return [...]string{"lost before", "lost after", "died before", "died after"}[b]
}

var errDead = errors.New("the process is gone")

func (g *gate) read(do func() error) error {
	g.mu.Lock()
	dead := g.dead
	happens := g.arrive(g.happens != nil)
	g.mu.Unlock()
	if dead {
		return errDead
	}
	if happens && g.happens != nil {
		g.happens()
	}
	return do()
}

// arrive counts the call where it counts, and reports whether it is the one.
func (g *gate) arrive(counts bool) bool {
	if counts && !g.dead {
		g.seen++
	}
	return counts && g.seen == g.at
}

func (g *gate) write(unknown error, do func() error) error {
	g.mu.Lock()
	if g.dead {
		g.mu.Unlock()
		return errDead
	}
	hit := g.arrive(true)
	how := g.how
	if hit && g.happens == nil {
		g.dead = how >= diedBefore
	}
	g.mu.Unlock()
	switch {
	case !hit:
		return do()
	case g.happens != nil:
		g.happens()
		return do()
	}
	if how == lostAfter || how == diedAfter {
		if err := do(); err != nil {
			return err
		}
	}
	if how >= diedBefore {
		return errDead
	}
	return unknown
}

type gatedTable struct {
	table.Table
	*gate
}

func (t gatedTable) Get(ctx context.Context, keys ...table.Key) (items []*table.Item, err error) {
	err = t.read(func() error { items, err = t.Table.Get(ctx, keys...); return err })
	return items, err
}

func (t gatedTable) Query(ctx context.Context, q table.Query) (page table.Page, err error) {
	err = t.read(func() error { page, err = t.Table.Query(ctx, q); return err })
	return page, err
}

func (t gatedTable) Transact(ctx context.Context, writes ...table.Write) (outcome table.Outcome, err error) {
	err = t.write(table.ErrUnknown, func() error { outcome, err = t.Table.Transact(ctx, writes...); return err })
	if err != nil {
		outcome = table.Outcome{}
	}
	return outcome, err
}

type gatedVault struct {
	vault.Vault
	*gate
}

func (v gatedVault) Create(ctx context.Context, n vault.Name, value []byte) error {
	return v.write(vault.ErrUnknown, func() error { return v.Vault.Create(ctx, n, value) })
}

func (v gatedVault) Schedule(ctx context.Context, n vault.Name, d time.Duration) error {
	return v.write(vault.ErrUnknown, func() error { return v.Vault.Schedule(ctx, n, d) })
}

func (v gatedVault) Restore(ctx context.Context, n vault.Name) error {
	return v.write(vault.ErrUnknown, func() error { return v.Vault.Restore(ctx, n) })
}

func (v gatedVault) Get(ctx context.Context, n vault.Name) (value []byte, err error) {
	err = v.read(func() error { value, err = v.Vault.Get(ctx, n); return err })
	return value, err
}

func (v gatedVault) Describe(ctx context.Context, n vault.Name) (secret vault.Secret, err error) {
	err = v.read(func() error { secret, err = v.Vault.Describe(ctx, n); return err })
	return secret, err
}

// under returns the world's services over ports with the gate, and leaves w as it is.
func (w *world) under(g *gate) *world {
	other := *w
	other.use(gatedTable{w.table, g}, gatedVault{w.vault, g})
	return &other
}
