package due

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/gander-images/gander/shared/table"
)

// A Handler does what one entry asks for, and settles the entry in the
// transaction that makes it so. It is conditional and repeatable: it may meet
// an entry twice, late, beside another handler of the same entry, or after all
// was done. An entry whose handler fails stays and is met again.
type Handler func(ctx context.Context, e Entry) error

// A Runner does what is due.
type Runner struct {
	Table    table.Table
	Handlers map[string]Handler // by kind
	Now      func() time.Time
	Log      *slog.Logger

	// Passing reports whether an error is of a kind that passes by itself, as that
	// something is out of reach; nil: none is.
	Passing func(error) bool

	// Failed is told of each entry on which Sweep failed; nil: nobody is.
	Failed func(ctx context.Context, key table.Key, why error)
}

// An Unfit is why an entry cannot be worked on by this version, whatever the time.
// It may be shown to operators.
type Unfit string

// Error implements error.
func (u Unfit) Error() string { return string(u) }

// The reasons. A newer version may know what to do.
const (
	NoEntry     Unfit = "This is no due entry."
	Newer       Unfit = "A newer version of the service wrote this entry."
	UnknownKind Unfit = "Nothing here handles entries of this kind."
)

const (
	pageSize = 25
	// reserve is left of a deadline when Sweep stops taking entries, so that the
	// one at hand can end.
	reserve = 5 * time.Second
)

// Sweep walks every kind and does what is due, oldest first. One entry that
// fails does not keep the others from their turn: failures are logged, and
// told in the error once all kinds are walked. It ends early, without error,
// when ctx is about to run out; the rest is for the next Sweep.
func (r *Runner) Sweep(ctx context.Context) error {
	var failures []error
	for _, kind := range slices.Sorted(maps.Keys(r.Handlers)) {
		if err := r.sweepKind(ctx, kind); err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", kind, err))
		}
	}
	return errors.Join(failures...)
}

func (r *Runner) sweepKind(ctx context.Context, kind string) error {
	q := table.Query{Partition: partition(kind), Limit: pageSize}
	failed := 0
	var last error
	for {
		page, err := r.Table.Query(ctx, q)
		if err != nil {
			return fmt.Errorf("reading what is due: %w", err)
		}
		for _, item := range page.Items {
			e, ok := parse(item)
			if ok && e.At.After(r.Now()) {
				return summary(failed, last)
			}
			if r.endsSoon(ctx) {
				return summary(failed, last)
			}
			if err := r.run(ctx, item, e, ok); err != nil {
				failed, last = failed+1, err
				r.tell(ctx, item.Key, err)
			}
		}
		if !page.More {
			return summary(failed, last)
		}
		q.After = page.Last
	}
}

func summary(failed int, last error) error {
	if failed == 0 {
		return nil
	}
	return fmt.Errorf("%d entries failed, the last with: %w", failed, last)
}

func (r *Runner) tell(ctx context.Context, key table.Key, why error) {
	if r.Failed != nil && ctx.Err() == nil {
		r.Failed(ctx, key, why)
	}
}

// React looks at changes of the table and does at once what they made due. Each
// has its turn, whatever became of those before it, while ctx lasts. It returns how
// many of them, from the first on, need not come again, and why the next one has to.
//
// Work that failed for a reason that passes need not come again: the entry is still
// there for Sweep, which looks at it every minute. Else a dependency that is out of
// reach would hold up all other changes.
func (r *Runner) React(ctx context.Context, changes []table.Change) (done int, err error) {
	done = len(changes)
	for i, c := range changes {
		failure := r.react(ctx, c)
		ended := ctx.Err()
		switch {
		case ended != nil && err == nil:
			return i, ended
		case ended != nil:
			return done, err
		case failure != nil && err == nil:
			done, err = i, failure
		}
	}
	return done, err
}

func (r *Runner) react(ctx context.Context, c table.Change) error {
	if c.New == nil || !isDue(c.New.Key) {
		return nil
	}
	e, ok := parse(*c.New)
	if ok && e.At.After(r.Now()) {
		return nil
	}
	err := r.run(ctx, *c.New, e, ok)
	if err != nil && r.Passing != nil && r.Passing(err) {
		return nil
	}
	return err
}

// Again does what the entry under a key asks for, if it is still there and due.
func (r *Runner) Again(ctx context.Context, key table.Key) error {
	items, err := r.Table.Get(ctx, key)
	if err != nil {
		return fmt.Errorf("reading the entry: %w", err)
	}
	if items[0] == nil {
		return nil
	}
	e, ok := parse(*items[0])
	if ok && e.At.After(r.Now()) {
		return nil
	}
	return r.run(ctx, *items[0], e, ok)
}

// run calls the entry's handler and logs its failure, which goes no further
// than the count in Sweep's answer. That a process stops is no failure.
func (r *Runner) run(ctx context.Context, item table.Item, e Entry, ok bool) error {
	err := r.handle(ctx, item, e, ok)
	key := slog.String("key", item.Partition+"/"+item.Sort)
	switch {
	case err == nil:
	case errors.Is(ctx.Err(), context.Canceled):
		r.Log.InfoContext(ctx, "due work was interrupted; it is left for later", key, "error", err)
	default:
		r.Log.ErrorContext(ctx, "due work failed", key, "error", err)
	}
	return err
}

func (r *Runner) handle(ctx context.Context, item table.Item, e Entry, ok bool) error {
	handler := r.Handlers[e.Kind]
	switch {
	case !ok:
		return NoEntry
	case item.Schema > schema:
		return Newer
	case handler == nil:
		return UnknownKind
	}
	return handler(ctx, e)
}

func (r *Runner) endsSoon(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return ctx.Err() != nil || ok && time.Until(deadline) < reserve
}
