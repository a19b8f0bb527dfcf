package tabletest

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/gander-images/gander/shared/table"
)

func testChanges(t *testing.T, open func(*testing.T) Store) {
	if open(t).Feed == nil {
		t.Skip("this store has no feed")
	}
	each(t, open, map[string]func(*world){
		"old and new":               changesOldNew,
		"order of each item":        changesOrder,
		"failed writes":             changesOfFailures,
		"waits for more":            changesWait,
		"position":                  changesPosition,
		"two consumers":             changesTwoConsumers,
		"handler fails":             changesHandlerFails,
		"handler stops half-way":    changesHandlerStops,
		"after reopening":           changesReopen,
		"of many writers":           changesOfMany,
		"batches of a large number": changesLarge,
	})
}

// mine reports whether a change belongs to this test.
func (w *world) mine(c table.Change) bool { return strings.HasPrefix(c.Key().Partition, w.name) }

// collect consumes until n changes of this test have been seen, and all
// changes delivered with them.
func (w *world) collect(consumer string, n int) []table.Change {
	w.Helper()
	var got []table.Change
	ctx, cancel := context.WithCancel(w.ctx)
	defer cancel()
	err := w.Feed.Changes(ctx, consumer, func(_ context.Context, changes []table.Change) (int, error) {
		for _, c := range changes {
			if w.mine(c) {
				got = append(got, c)
			}
		}
		if len(got) >= n {
			cancel()
		}
		return len(changes), nil
	})
	if err != nil {
		w.Fatalf("Changes: %v", err)
	}
	if len(got) < n {
		w.Fatalf("%d changes in %s, want %d", len(got), patience, n)
	}
	return got
}

func changesOldNew(w *world) {
	key, other := w.key("p", "s"), w.key("p", "t")
	first := put(key, "first")
	first.Counters = map[string]int64{"n": 1}
	w.must(first)
	w.must(table.Write{Kind: table.Put, Key: key, Schema: 2, Body: []byte("second"), If: table.IfRevision(1)}, put(other, "other"))
	w.must(table.Write{Kind: table.Add, Key: key, Counters: map[string]int64{"n": 2}})
	w.must(table.Write{Kind: table.Delete, Key: key, If: table.IfPresent()})

	v1 := &table.Item{Key: key, Revision: 1, Schema: 1, Body: []byte("first"), Counters: map[string]int64{"n": 1}}
	v2 := &table.Item{Key: key, Revision: 2, Schema: 2, Body: []byte("second"), Counters: map[string]int64{"n": 1}}
	v3 := &table.Item{Key: key, Revision: 3, Schema: 2, Body: []byte("second"), Counters: map[string]int64{"n": 3}}
	want := map[table.Key][][2]*table.Item{
		key:   {{nil, v1}, {v1, v2}, {v2, v3}, {v3, nil}},
		other: {{nil, made(other, "other")}},
	}
	for _, c := range w.collect(w.name, 5) {
		if len(want[c.Key()]) == 0 {
			w.Fatalf("one change too many of %v: %+v", c.Key(), c)
		}
		pair := want[c.Key()][0]
		want[c.Key()] = want[c.Key()][1:]
		w.same("old", pair[0], c.Old)
		w.same("new", pair[1], c.New)
	}
}

func changesOrder(w *world) {
	const items, times = 4, 12
	for n := range times {
		for i := range items {
			w.must(table.Write{Kind: table.Add, Key: w.key("p", fmt.Sprint(i)), Counters: map[string]int64{"n": int64(n)}})
		}
	}
	w.inOrder(w.collect(w.name, items*times))
}

// inOrder wants the changes of each item to follow one another without a gap.
func (w *world) inOrder(changes []table.Change) {
	w.Helper()
	last, unique := map[table.Key]table.Change{}, map[string]bool{}
	for _, c := range changes {
		before, key := last[c.Key()], c.Key()
		w.same("the item before is the one left by the change before", before.New, c.Old)
		if c.Sequence <= before.Sequence {
			w.Fatalf("%v: sequence %q after %q", key, c.Sequence, before.Sequence)
		}
		if unique[c.Sequence] {
			w.Fatalf("sequence %q twice", c.Sequence)
		}
		unique[c.Sequence], last[key] = true, c
	}
}

func changesOfFailures(w *world) {
	a, b := w.key("p", "a"), w.key("p", "b")
	w.must(put(a, "x"))
	w.refuse([]int{1}, put(b, "x"), put(a, "x"))
	w.fails(table.ErrInvalid, put(b, "x"), put(b, "x"))
	w.must(put(w.key("p", "last"), "x"))
	got := w.collect(w.name, 2)
	if len(got) != 2 || got[0].Key() != a && got[1].Key() != a {
		w.Errorf("changes: %+v, want those of the two writes made", got)
	}
}

func changesWait(w *world) {
	ctx, cancel := context.WithCancel(w.ctx)
	seen, ended := make(chan string), make(chan error, 1)
	go func() {
		ended <- w.Feed.Changes(ctx, w.name, func(_ context.Context, changes []table.Change) (int, error) {
			for _, c := range changes {
				if w.mine(c) {
					seen <- c.Key().Sort
				}
			}
			return len(changes), nil
		})
	}()
	for i := range 5 {
		w.must(put(w.key("p", fmt.Sprint(i)), "x"))
		select {
		case got := <-seen:
			if got != fmt.Sprint(i) {
				w.Errorf("change of %q, want %d", got, i)
			}
		case <-w.ctx.Done():
			w.Fatal("the change did not come")
		}
	}
	cancel()
	if err := <-ended; err != nil {
		w.Errorf("Changes ended with %v", err)
	}
}
