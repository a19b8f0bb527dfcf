package tabletest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gander-images/gander/shared/table"
)

var errStop = errors.New("the handler stops")

// count writes one item n times, so that its changes come in order, each known
// by the schema of the new item: from, from+1, …
func (w *world) count(from, n int) {
	w.Helper()
	for i := from; i < from+n; i++ {
		write := table.Write{Kind: table.Put, Key: w.key("p", "one"), Schema: i, If: table.IfRevision(int64(i - 1))}
		if i == 1 {
			write.If = table.IfAbsent()
		}
		w.must(write)
	}
}

// take consumes n changes of this test, stops with an error, and says that the
// next ones are not done. It returns their schemas.
func (w *world) take(consumer string, n int) (seen []int) {
	w.Helper()
	err := w.Feed.Changes(w.ctx, consumer, func(_ context.Context, changes []table.Change) (int, error) {
		for i, c := range changes {
			if len(seen) == n {
				return i, errStop
			}
			if w.mine(c) {
				seen = append(seen, c.New.Schema)
			}
		}
		if len(seen) == n {
			return len(changes), errStop
		}
		return len(changes), nil
	})
	if !errors.Is(err, errStop) {
		w.Fatalf("Changes: %v after %v, want the handler's error", err, seen)
	}
	return seen
}

// register makes consumers known before there is anything for them. A change
// that all known consumers have done need not be kept for one that comes later.
func (w *world) register(consumers ...string) {
	w.Helper()
	for _, consumer := range consumers {
		marker := table.Key{Partition: "marker", Sort: consumer}
		w.must(put(marker, "x"))
		ctx, cancel := context.WithCancel(w.ctx)
		err := w.Feed.Changes(ctx, consumer, func(_ context.Context, changes []table.Change) (int, error) {
			if slices.ContainsFunc(changes, func(c table.Change) bool { return c.Key() == marker }) {
				cancel()
			}
			return len(changes), nil
		})
		cancel()
		if err != nil || w.ctx.Err() != nil {
			w.Fatalf("registering consumer %s: %v", consumer, err)
		}
	}
}

func (w *world) wantSeen(what string, got []int, want ...int) {
	w.Helper()
	if !slices.Equal(got, want) {
		w.Fatalf("%s: changes %v, want %v", what, got, want)
	}
}

func changesPosition(w *world) {
	w.count(1, 6)
	w.wantSeen("first", w.take(w.name, 2), 1, 2)
	w.wantSeen("then", w.take(w.name, 1), 3)
	w.count(7, 1)
	w.wantSeen("at last", w.take(w.name, 4), 4, 5, 6, 7)
}

func changesTwoConsumers(w *world) {
	a, b := w.name+"a", w.name+"b"
	w.register(a, b)
	w.count(1, 4)
	w.wantSeen("a", w.take(a, 3), 1, 2, 3)
	w.wantSeen("b", w.take(b, 1), 1)
	w.count(5, 1)
	w.wantSeen("a", w.take(a, 2), 4, 5)
	w.wantSeen("b", w.take(b, 4), 2, 3, 4, 5)
}

// changesHandlerFails has a handler that did nothing, and one that did a part.
func changesHandlerFails(w *world) {
	w.count(1, 4)
	for range 2 {
		calls := 0
		err := w.Feed.Changes(w.ctx, w.name, func(_ context.Context, changes []table.Change) (int, error) {
			calls++
			if i := slices.IndexFunc(changes, w.mine); i >= 0 {
				return i, errStop
			}
			return len(changes), nil
		})
		if !errors.Is(err, errStop) {
			w.Fatalf("Changes: %v, want the handler's error", err)
		}
	}
	w.wantSeen("after two failures", w.take(w.name, 1), 1)
	w.wantSeen("after a part", w.take(w.name, 3), 2, 3, 4)
}

// changesHandlerStops has a handler that is done with one change of this test
// at a time, without an error: the others come again.
func changesHandlerStops(w *world) {
	w.count(1, 4)
	ctx, cancel := context.WithCancel(w.ctx)
	defer cancel()
	var seen []int
	nothing := true
	err := w.Feed.Changes(ctx, w.name, func(_ context.Context, changes []table.Change) (int, error) {
		i := slices.IndexFunc(changes, w.mine)
		if i < 0 {
			return len(changes), nil
		}
		if nothing = !nothing; !nothing {
			return i, nil // not even the first
		}
		if seen = append(seen, changes[i].New.Schema); len(seen) == 4 {
			cancel()
		}
		return i + 1, nil
	})
	if err != nil {
		w.Fatalf("Changes: %v", err)
	}
	w.wantSeen("one by one", seen, 1, 2, 3, 4)
}

func changesReopen(w *world) {
	if w.Reopen == nil {
		w.Skip("this store cannot be reopened")
	}
	w.count(1, 3)
	w.wantSeen("before", w.take(w.name, 2), 1, 2)
	w.Store = w.Reopen(w.T)
	w.count(4, 1)
	w.wantSeen("after", w.take(w.name, 1), 3)
	w.Store = w.Reopen(w.T)
	w.wantSeen("after a second time", w.take(w.name, 1), 4)
	w.want(w.key("p", "one"), &table.Item{Key: w.key("p", "one"), Revision: 4, Schema: 4})
}

func changesOfMany(w *world) {
	const times = 4
	w.together(writers, func(i int) error {
		for range times {
			if _, err := w.transact(
				table.Write{Kind: table.Add, Key: w.key("p", fmt.Sprint(i%4)), Counters: map[string]int64{"n": 1}},
				table.Write{Kind: table.Add, Key: w.key("q", fmt.Sprint(i)), Counters: map[string]int64{"n": 1}},
			); err != nil {
				return err
			}
		}
		return nil
	})
	changes := w.collect(w.name, 2*writers*times)
	w.inOrder(changes)
	if len(changes) != 2*writers*times {
		w.Errorf("%d changes, want %d", len(changes), 2*writers*times)
	}
}

// changesLarge goes through more than one batch of any size.
func changesLarge(w *world) {
	body := strings.Repeat("x", 200<<10)
	for i := range 8 {
		w.must(put(w.key("large", fmt.Sprint(i)), body))
	}
	for i := range 4 {
		var writes []table.Write
		for n := range table.MaxWrites {
			writes = append(writes, put(w.key("small", fmt.Sprint(i*table.MaxWrites+n)), "x"))
		}
		w.must(writes...)
	}
	seen := map[table.Key]bool{}
	for _, c := range w.collect(w.name, 8+4*table.MaxWrites) {
		seen[c.Key()] = true
	}
	if len(seen) != 8+4*table.MaxWrites {
		w.Errorf("changes of %d items, want %d", len(seen), 8+4*table.MaxWrites)
	}
}
