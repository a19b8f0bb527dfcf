package deadletter

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/gander-images/gander/shared/due"
	"github.com/gander-images/gander/shared/table"
)

// RetryKind is the kind of due entry that has a letter's work tried again.
const RetryKind = "retry"

type retry struct {
	Consumer string `json:"consumer"`
	ID       string `json:"id"`
}

func retryEntry(l *Letter) due.Entry {
	return due.New(RetryKind, l.RetryAt, l.ID, retry{Consumer: l.Consumer, ID: l.ID})
}

// Work is what letters are about; a due.Runner does it.
type Work interface {
	// Again does what the entry under the key asks for, if it is still there.
	Again(ctx context.Context, key table.Key) error
	// Sweep does whatever is due.
	Sweep(ctx context.Context) error
}

// Handler is the handler of RetryKind: it tries a letter's work again. Once that is
// done the letter goes; else it tells why not. It ends either way: the letter is
// there to be tried once more.
func (b *Box) Handler(work Work) due.Handler {
	return func(ctx context.Context, e due.Entry) error {
		var body retry
		if err := json.Unmarshal(e.Body, &body); err != nil {
			return fmt.Errorf("reading the entry: %w", err)
		}
		l, err := b.read(ctx, body.Consumer, body.ID)
		if err != nil {
			return err
		}
		if l == nil || !l.RetryAt.Equal(e.At) {
			_, err := b.Table.Transact(ctx, e.Settle())
			return err
		}
		failure := do(ctx, work, l)
		if failure != nil && ctx.Err() != nil {
			return failure // there was no time for it
		}
		return b.settle(ctx, e, l, failure)
	}
}

// do works on the entry that the letter names, or on all that is due.
func do(ctx context.Context, work Work, l *Letter) error {
	if l.Item == nil {
		return work.Sweep(ctx)
	}
	return work.Again(ctx, l.Item.key())
}

// settle removes the letter, or notes why it stays, together with the entry. If another
// handler of the same entry was first, so be it.
func (b *Box) settle(ctx context.Context, e due.Entry, l *Letter, failure error) error {
	w := l.remove()
	if failure != nil {
		next := *l
		next.RetryAt, next.At, next.Tries, next.Reason = time.Time{}, b.now(), l.Tries+1, Reason(failure)
		var err error
		if w, err = next.put(); err != nil {
			return err
		}
	}
	if _, err := b.Table.Transact(ctx, w, e.Settle()); err != nil {
		return fmt.Errorf("settling the retry of a dead letter: %w", err)
	}
	return nil
}
