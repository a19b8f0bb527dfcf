package deadletter

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/gander-images/gander/shared/due"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
	"github.com/gander-images/gander/shared/table"
)

// A Box keeps the letters of a deployment, in its table.
type Box struct {
	Table table.Table
	Now   func() time.Time
	Log   *slog.Logger
}

func (b *Box) now() time.Time { return b.Now().UTC().Truncate(time.Microsecond) }

// Put keeps a letter. One that is there already stays as it is.
func (b *Box) Put(ctx context.Context, l Letter) error {
	l.At = b.now()
	w, err := l.put()
	if err != nil {
		return err
	}
	outcome, err := b.Table.Transact(ctx, w)
	if err != nil {
		return fmt.Errorf("keeping a dead letter: %w", err)
	}
	if outcome.OK() {
		b.Log.ErrorContext(ctx, "a dead letter", "consumer", l.Consumer, "id", l.ID, "reason", l.Reason, "tries", l.Tries)
	}
	return nil
}

// MaxPage is how many letters List returns at most.
const MaxPage = 100

// List returns letters of a consumer, the last first, from after a marker on, which is
// the id of a letter that may be gone meanwhile. more says that there are others.
//
// Errors: Invalid for a marker that is no letter's id.
func (b *Box) List(ctx context.Context, g policy.Grant, consumer, marker string, limit int) (letters []Letter, more bool, err error) {
	if err := g.Permits(policy.GetDeadLetters); err != nil {
		return nil, false, err
	}
	q := table.Query{Partition: partition, Prefix: prefix + consumer + "#", Backward: true}
	if marker != "" {
		if !idForm.MatchString(marker) {
			return nil, false, problem.New(problem.Invalid, "The marker is not the id of a dead letter.")
		}
		q.After = keyOf(consumer, marker).Sort
	}
	for limit = min(limit, MaxPage); len(letters) < limit; {
		q.Limit = limit - len(letters)
		page, err := b.Table.Query(ctx, q)
		if err != nil {
			return nil, false, fmt.Errorf("listing dead letters: %w", err)
		}
		for i := range page.Items {
			l, err := decode(&page.Items[i])
			if err != nil {
				return nil, false, err
			}
			letters = append(letters, *l)
		}
		if more = page.More; !more {
			break
		}
		q.After = page.Last
	}
	return letters, more, nil
}

// read returns a letter; nil where there is none.
func (b *Box) read(ctx context.Context, consumer, id string) (*Letter, error) {
	items, err := b.Table.Get(ctx, keyOf(consumer, id))
	if err != nil {
		return nil, fmt.Errorf("reading a dead letter: %w", err)
	}
	return decode(items[0])
}

// retries is how often Retry reads anew when the letter changed meanwhile.
const retries = 3

// Retry has what a letter is about tried again, soon. One that is being tried already
// is as good.
//
// Errors: NotFound for an unknown consumer or letter; Conflict when it keeps changing.
func (b *Box) Retry(ctx context.Context, g policy.Grant, consumer, id string) (*Letter, error) {
	if err := g.Permits(policy.GetDeadLetters); err != nil {
		return nil, err
	}
	if !slices.Contains(Consumers(), consumer) {
		return nil, problem.New(problem.NotFound, "There is no such consumer.")
	}
	for range retries {
		var l *Letter
		var err error
		if idForm.MatchString(id) {
			l, err = b.read(ctx, consumer, id)
		}
		if err != nil {
			return nil, err
		}
		if l == nil {
			return nil, problem.New(problem.NotFound, "The consumer has no such dead letter.")
		}
		if !l.RetryAt.IsZero() {
			return l, nil
		}
		if done, err := b.ask(ctx, l); done || err != nil {
			return l, err
		}
	}
	return nil, problem.New(problem.Conflict, "The dead letter changed meanwhile. Try again.")
}

// ask marks a letter, and makes its next try due, in one transaction.
func (b *Box) ask(ctx context.Context, l *Letter) (done bool, err error) {
	l.RetryAt = b.now()
	w, err := l.put()
	if err != nil {
		return false, err
	}
	landed := func(item *table.Item) bool {
		found, err := decode(item)
		return err == nil && found.RetryAt.Equal(l.RetryAt)
	}
	outcome, err := table.Settle(ctx, b.Table, landed, w, retryEntry(l).Put())
	if err != nil {
		return false, fmt.Errorf("having a dead letter tried again: %w", err)
	}
	return outcome.OK(), nil
}

// Tidy removes the letters whose entries were settled by whoever met them later.
func (b *Box) Tidy(ctx context.Context) error {
	for _, consumer := range Consumers() {
		if err := b.tidy(ctx, consumer); err != nil {
			return fmt.Errorf("tidying dead letters: %w", err)
		}
	}
	return b.forgetNotes(ctx)
}

// tidyPage is how many letters are looked at at a time.
const tidyPage = 25

func (b *Box) tidy(ctx context.Context, consumer string) error {
	q := table.Query{Partition: partition, Prefix: prefix + consumer + "#", Limit: tidyPage}
	for {
		page, err := b.Table.Query(ctx, q)
		if err != nil {
			return err
		}
		if err := b.removeDone(ctx, page.Items); err != nil || !page.More {
			return err
		}
		q.After = page.Last
	}
}

func (b *Box) removeDone(ctx context.Context, items []table.Item) error {
	var letters []*Letter
	var keys []table.Key
	for i := range items {
		// What a newer version wrote is for it to tidy.
		if l, err := decode(&items[i]); err == nil && l.Item != nil && l.RetryAt.IsZero() {
			letters, keys = append(letters, l), append(keys, l.Item.key())
		}
	}
	entries, err := b.Table.Get(ctx, keys...)
	if err != nil {
		return err
	}
	for i, entry := range entries {
		if entry != nil {
			continue
		}
		if _, err := b.Table.Transact(ctx, letters[i].remove()); err != nil {
			return err
		}
	}
	return nil
}

// Overdue is for how long an entry may be due and fail before it is worth a letter,
// where the consumer of changes never met it, or left it because what it needs was out
// of reach. A shorter outage leaves none.
const Overdue = time.Hour

// Missed keeps a letter of an entry that has been due, and failed, for too long.
func (b *Box) Missed(ctx context.Context, key table.Key, why error) {
	at, ok := due.TimeOf(key)
	if ok && b.Now().Sub(at) < Overdue {
		return
	}
	if err := b.Put(ctx, Of(Reaper, key, 0, why)); err != nil {
		b.Log.WarnContext(ctx, "a dead letter was not kept; the next round does", "error", err)
	}
}
