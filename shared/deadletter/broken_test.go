package deadletter_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/gander-images/gander/shared/deadletter"
	"github.com/gander-images/gander/shared/due"
	"github.com/gander-images/gander/shared/table"
)

// A broken table fails on one transaction: it does not happen, or it happens and
// nobody is told.
type broken struct {
	table.Table
	at      int // which; counted down
	happens bool
}

func (b *broken) Transact(ctx context.Context, writes ...table.Write) (table.Outcome, error) {
	if b.at--; b.at != 0 {
		return b.Table.Transact(ctx, writes...)
	}
	if !b.happens {
		return table.Outcome{}, table.ErrBusy
	}
	if _, err := b.Table.Transact(ctx, writes...); err != nil {
		return table.Outcome{}, err
	}
	return table.Outcome{}, table.ErrUnknown
}

// TestBrokenWrites: whichever write of a letter's life fails, or loses its answer, the
// next try of the same step comes to the same end.
func TestBrokenWrites(t *testing.T) {
	for _, happens := range []bool{false, true} {
		struck := true
		for at := 1; struck; at++ {
			t.Run(fmt.Sprintf("write=%d,happens=%t", at, happens), func(t *testing.T) {
				w := newWorld(t)
				key := w.put(due.New("work", start, "a", nil))
				b := &broken{Table: w.table, at: at, happens: happens}
				w.over(b)
				live(w, key)
				struck = b.at <= 0
				if rows := w.rows("deployment"); len(rows) != 0 {
					t.Errorf("left are the letters %v", rows)
				}
				for _, kind := range []string{"work", deadletter.RetryKind} {
					if rows := w.rows("due#" + kind + "#0"); len(rows) != 0 {
						t.Errorf("left are the %s entries %v", kind, rows)
					}
				}
			})
			if at > 20 {
				t.Fatal("the story has no end")
			}
		}
	}
}

// live is a letter's life: written, retried in vain, retried with success.
func live(w *world, key table.Key) {
	w.Helper()
	l := deadletter.Of("reaper", key, 5, errSecret)
	w.until(func() error { return w.box.Put(w.Context(), l) })
	for _, failure := range []error{errors.New("not yet"), nil} {
		w.fails = failure
		w.until(func() error { return w.retry(l.ID) })
		if rows := w.rows("due#retry#0"); len(rows) != 1 {
			w.Errorf("after the retry was asked for there are %v", rows)
		}
		delete(w.runner.Handlers, "work") // what is tried here is the retry
		w.until(func() error { return w.runner.Sweep(w.Context()) })
		if failure != nil && (len(w.letters()) != 1 || !w.letters()[0].RetryAt.IsZero()) {
			w.Errorf("after a retry in vain: %+v", w.letters())
		}
	}
	for _, l := range w.letters() { // the work itself was broken, which the letter tells
		if l.Reason != deadletter.Reason(table.ErrBusy) && l.Reason != deadletter.Reason(table.ErrUnknown) {
			w.Errorf("the letter says %s", l.Reason)
		}
		w.until(func() error { return w.retry(l.ID) })
		w.until(func() error { return w.runner.Sweep(w.Context()) })
	}
}

// until repeats a step that a broken write failed.
func (w *world) until(step func() error) {
	w.Helper()
	err := step()
	if err != nil {
		err = step()
	}
	if err != nil {
		w.Fatal(err)
	}
}
