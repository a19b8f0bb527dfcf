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
}

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

// React looks at changes of the table and does at once what they made due. It
// never fails: an entry that could not be done is still there for Sweep.
func (r *Runner) React(ctx context.Context, changes []table.Change) {
	for _, c := range changes {
		if c.New == nil {
			continue
		}
		e, ok := parse(*c.New)
		if ok && !e.At.After(r.Now()) && ctx.Err() == nil {
			_ = r.run(ctx, *c.New, e, ok)
		}
	}
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
		return errors.New("this is no due entry")
	case item.Schema > schema:
		return fmt.Errorf("a newer version wrote this entry (form %d, known %d)", item.Schema, schema)
	case handler == nil:
		return errors.New("nothing here handles this kind")
	}
	return handler(ctx, e)
}

func (r *Runner) endsSoon(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return ctx.Err() != nil || ok && time.Until(deadline) < reserve
}
