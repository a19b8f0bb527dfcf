package memory

import (
	"context"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/gander-images/gander/shared/table"
)

const (
	deliver   = 100                   // changes in one delivery
	idlePause = 10 * time.Millisecond // before a handler that did nothing is called again
)

// feeds knows the consumers of a table. Its table's mutex guards it.
type feeds struct {
	position map[string]int // how many changes each has done
	running  map[string]bool
	wake     chan struct{} // closed at the next change; nil while nobody waits
}

func newFeeds() feeds { return feeds{position: make(map[string]int), running: make(map[string]bool)} }

// announce wakes those who wait for changes.
func (f *feeds) announce() {
	if f.wake != nil {
		close(f.wake)
		f.wake = nil
	}
}

// waiting returns a channel that is closed at the next change.
func (f *feeds) waiting() <-chan struct{} {
	if f.wake == nil {
		f.wake = make(chan struct{})
	}
	return f.wake
}

// sequence writes a change's number so that it sorts as text.
func sequence(n int) string { return fmt.Sprintf("%020d", n+1) }

// Changes implements table.Feed, for as long as the table lives.
func (t *Table) Changes(ctx context.Context, consumer string, handle table.Handler) error {
	if consumer == "" || len(consumer) > 255 || !utf8.ValidString(consumer) {
		return fmt.Errorf("%w: consumer %q", table.ErrInvalid, consumer)
	}
	if err := t.begin(consumer); err != nil {
		return err
	}
	defer t.end(consumer)
	for ctx.Err() == nil {
		changes, more := t.next(consumer)
		if len(changes) == 0 {
			wait(ctx, more, nil)
			continue
		}
		done, err := handle(ctx, changes)
		done = min(max(done, 0), len(changes))
		t.advance(consumer, done)
		switch {
		case err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()):
			return nil
		case err != nil:
			return err
		case done == 0:
			wait(ctx, more, time.After(idlePause))
		}
	}
	return nil
}

func (t *Table) begin(consumer string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.feeds.running[consumer] {
		return fmt.Errorf("%w: consumer %s runs already", table.ErrInvalid, consumer)
	}
	t.feeds.running[consumer] = true
	if _, known := t.feeds.position[consumer]; !known {
		t.feeds.position[consumer] = t.first
	}
	return nil
}

func (t *Table) end(consumer string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.feeds.running, consumer)
}

// next returns what the consumer has to do, and what tells of more.
func (t *Table) next(consumer string) ([]table.Change, <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	pending := t.changes[t.feeds.position[consumer]-t.first:]
	changes := make([]table.Change, min(len(pending), deliver))
	for i := range changes {
		c := pending[i]
		changes[i] = table.Change{Sequence: c.Sequence, Old: own(c.Old), New: own(c.New)}
	}
	return changes, t.feeds.waiting()
}

// own makes a consumer's own copy of an item.
func own(item *table.Item) *table.Item {
	if item == nil {
		return nil
	}
	return (&entry{item: *item}).copy()
}

func (t *Table) advance(consumer string, done int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.feeds.position[consumer] += done
}

// wait waits for the first of three things.
func wait(ctx context.Context, more <-chan struct{}, timer <-chan time.Time) {
	select {
	case <-ctx.Done():
	case <-more:
	case <-timer:
	}
}
