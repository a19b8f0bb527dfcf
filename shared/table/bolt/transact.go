package bolt

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/gander-images/gander/shared/table"
)

// A request is one Transact on its way through the writer, or, without
// writes, the wish to have all positions on disk.
type request struct {
	writes []table.Write
	bytes  int // of all bodies
	state  atomic.Int32
	done   chan struct{} // capacity 1

	// Set by the writer, read by the caller after done.
	outcome table.Outcome
	units   table.Units
	err     error
}

// States of a request. Only one of caller and writer moves it on from waiting.
const (
	waiting int32 = iota
	taken         // by the writer, who will answer
	left          // by the caller, who no longer listens
)

func newRequest(writes []table.Write) *request {
	r := &request{writes: writes, done: make(chan struct{}, 1)}
	for i := range writes {
		r.bytes += len(writes[i].Body)
	}
	return r
}

// Transact implements table.Table. A caller whose context ends while its
// writes still wait for their turn gets ErrBusy, with the reason; after that
// the outcome is waited for.
func (t *Table) Transact(ctx context.Context, writes ...table.Write) (table.Outcome, error) {
	if err := ready(ctx); err != nil {
		return table.Outcome{}, err
	}
	if err := table.Validate(writes); err != nil {
		return table.Outcome{}, err
	}
	outcome, units, err := t.submit(ctx, writes)
	if err == nil {
		table.Report(ctx, units)
	}
	return outcome, err
}

// submit queues writes and waits for the writer's answer.
func (t *Table) submit(ctx context.Context, writes []table.Write) (table.Outcome, table.Units, error) {
	r := newRequest(writes)
	if err := t.enqueue(ctx, r); err != nil {
		return table.Outcome{}, table.Units{}, err
	}
	select {
	case <-r.done:
	case <-ctx.Done():
		if r.state.CompareAndSwap(waiting, left) {
			return table.Outcome{}, table.Units{}, ready(ctx)
		}
		<-r.done
	}
	return r.outcome, r.units, r.err
}

func (t *Table) enqueue(ctx context.Context, r *request) error {
	t.gate.RLock()
	defer t.gate.RUnlock()
	if t.gated {
		return errClosed
	}
	select {
	case t.queue <- r:
		return nil
	case <-ctx.Done():
		return ready(ctx)
	}
}

// reset forgets what an attempt found out.
func (r *request) reset() { r.outcome, r.units, r.err = table.Outcome{}, table.Units{}, nil }

// take claims the request for the writer. False: the caller has left.
func (r *request) take() bool { return r.state.CompareAndSwap(waiting, taken) }

// answer lets the caller go on. A refusal of this request alone stands, other
// than that err is what became of the group.
func (r *request) answer(err error) {
	if err != nil && r.err == nil {
		r.outcome, r.units, r.err = table.Outcome{}, table.Units{}, err
	}
	r.done <- struct{}{}
}

func panicked(p any) error { return fmt.Errorf("table: panic in the writer: %v", p) }
