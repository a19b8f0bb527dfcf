package vaulttest

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/gander-images/gander/shared/vault"
)

// MostLate is the longest that a call of a Double is on its way.
const MostLate = 15 * time.Minute

// A Fate is what becomes of one write.
type Fate int

// The fates.
const (
	Done       Fate = iota // it happens, and the caller is told so
	Refused                // it does not happen: ErrBusy
	Lost                   // it does not happen: ErrUnknown
	Unanswered             // it happens: ErrUnknown
	Late                   // ErrUnknown; it arrives within MostLate
	Twice                  // it happens, the caller is told so, and it arrives once more
)

var fateNames = [...]string{"done", "refused", "lost", "unanswered", "late", "twice"}

func (f Fate) String() string { return fateNames[f] }

// A Parked call is on its way to the vault.
type Parked struct {
	Call string // Create, Schedule, Restore or RaiseEpoch
	Name vault.Name
	At   time.Time // when it arrives, unless it is delivered before

	arrive func(context.Context) error
}

// A Double is a vault before another one, whose writes meet all that the port warns
// of. It never waits: what is late is parked until it is delivered. With the same seed
// and the same calls it does the same.
type Double struct {
	vault vault.Vault
	now   func() time.Time

	mu     sync.Mutex
	random *rand.Rand
	next   []Fate
	faults float64
	parked []Parked
}

var _ vault.Vault = (*Double)(nil)

// NewDouble returns a double before v to whose writes nothing happens unless Next or
// Break says so.
func NewDouble(v vault.Vault, seed uint64, now func() time.Time) *Double {
	return &Double{vault: v, now: now, random: rand.New(rand.NewPCG(seed, 0))} //nolint:gosec // no secret
}

// Next gives the next writes their fates, one each.
func (d *Double) Next(fates ...Fate) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.next = append(d.next, fates...)
}

// Break sets how many of the writes that have no fate yet get another one than Done: 0
// for none, 1 for all.
func (d *Double) Break(share float64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.faults = share
}

// Parked returns the calls on their way, those that arrive first at the front.
func (d *Double) Parked() []Parked {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.parked)
}

// Deliver has a call of Parked arrive now, by its index, and returns what the vault
// says, which the caller never hears.
func (d *Double) Deliver(ctx context.Context, i int) error {
	d.mu.Lock()
	p := d.parked[i]
	d.parked = slices.Delete(d.parked, i, i+1)
	d.mu.Unlock()
	return p.arrive(ctx)
}

// DeliverDue has all calls arrive whose time has come, in their order.
func (d *Double) DeliverDue(ctx context.Context) {
	for {
		parked := d.Parked()
		if len(parked) == 0 || parked[0].At.After(d.now()) {
			return
		}
		_ = d.Deliver(ctx, 0)
	}
}

// fate draws what becomes of a write, and parks it if it is to arrive later.
func (d *Double) fate(call string, n vault.Name, arrive func(context.Context) error) Fate {
	d.mu.Lock()
	defer d.mu.Unlock()
	fate := Done
	switch {
	case len(d.next) > 0:
		fate, d.next = d.next[0], d.next[1:]
	case d.random.Float64() < d.faults:
		fate = Fate(1 + d.random.IntN(len(fateNames)-1))
	}
	if fate == Late || fate == Twice {
		at := d.now().Add(1 + time.Duration(d.random.Int64N(int64(MostLate))))
		d.parked = append(d.parked, Parked{call, n, at, arrive})
		slices.SortStableFunc(d.parked, func(a, b Parked) int { return a.At.Compare(b.At) })
	}
	return fate
}

func (d *Double) write(ctx context.Context, call string, n vault.Name, arrive func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%w: %w", vault.ErrBusy, err)
	}
	switch d.fate(call, n, arrive) {
	case Refused:
		return vault.ErrBusy
	case Lost, Late:
		return vault.ErrUnknown
	case Unanswered:
		_ = arrive(ctx)
		return vault.ErrUnknown
	}
	return arrive(ctx)
}

// Create implements vault.Vault.
func (d *Double) Create(ctx context.Context, n vault.Name, value []byte) error {
	value = bytes.Clone(value)
	return d.write(ctx, "Create", n, func(ctx context.Context) error { return d.vault.Create(ctx, n, value) })
}

// Schedule implements vault.Vault.
func (d *Double) Schedule(ctx context.Context, n vault.Name, window time.Duration) error {
	return d.write(ctx, "Schedule", n, func(ctx context.Context) error { return d.vault.Schedule(ctx, n, window) })
}

// Restore implements vault.Vault.
func (d *Double) Restore(ctx context.Context, n vault.Name) error {
	return d.write(ctx, "Restore", n, func(ctx context.Context) error { return d.vault.Restore(ctx, n) })
}

// RaiseEpoch implements vault.Vault.
func (d *Double) RaiseEpoch(ctx context.Context, n int64) error {
	return d.write(ctx, "RaiseEpoch", vault.Name{}, func(ctx context.Context) error { return d.vault.RaiseEpoch(ctx, n) })
}

// Get implements vault.Vault.
func (d *Double) Get(ctx context.Context, n vault.Name) ([]byte, error) { return d.vault.Get(ctx, n) }

// Describe implements vault.Vault.
func (d *Double) Describe(ctx context.Context, n vault.Name) (vault.Secret, error) {
	return d.vault.Describe(ctx, n)
}

// List implements vault.Vault.
func (d *Double) List(ctx context.Context, visit func(vault.Secret) error) error {
	return d.vault.List(ctx, visit)
}

// Epoch implements vault.Vault.
func (d *Double) Epoch(ctx context.Context) (int64, error) { return d.vault.Epoch(ctx) }
