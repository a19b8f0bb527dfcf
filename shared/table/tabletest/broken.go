package tabletest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/gander-images/gander/shared/table"
)

// testFaults breaks writes twice: so that they do not happen, and so that they
// happen and the answer is lost. To the caller both look alike.
func testFaults(t *testing.T, open func(*testing.T) Store) {
	for _, landed := range []bool{false, true} {
		each(t, open, map[string]func(*world){
			fmt.Sprintf("write, landed %t", landed):  func(w *world) { faultyWrite(w, landed) },
			fmt.Sprintf("by key, landed %t", landed): func(w *world) { faultyKey(w, landed) },
		})
	}
	each(t, open, map[string]func(*world){"hooks": faultyHooks, "reads": faultyReads})
}

func (w *world) faulty() *Faulty {
	f := NewFaulty(w.Table)
	w.Table = f
	return f
}

func faultyWrite(w *world, landed bool) {
	f := w.faulty()
	broken := f.Break(Fault{Landed: landed, Skip: 1})
	first, second := w.key("p", "first"), w.key("p", "second")
	w.must(put(first, "x"))
	w.fails(table.ErrUnknown, put(second, "x"), table.Write{Kind: table.Add, Key: first, Counters: map[string]int64{"n": 1}})
	if there := w.get(second) != nil; there != landed {
		w.Errorf("landed %t, but present %t", landed, there)
	}
	if n := w.get(first).Counters["n"]; (n == 1) != landed {
		w.Errorf("landed %t, but the counter is at %d", landed, n)
	}
	w.must(put(w.key("p", "third"), "x"))
	if broken() != 1 {
		w.Errorf("%d calls broken, want 1", broken())
	}
	// Read back and try again: done once, whichever way it was broken.
	if !landed {
		w.must(put(second, "x"), table.Write{Kind: table.Add, Key: first, Counters: map[string]int64{"n": 1}})
	}
	w.refuse([]int{0}, put(second, "x"))
}

func faultyKey(w *world, landed bool) {
	f := w.faulty()
	byKey := f.Break(Fault{Landed: landed, Match: Touches(w.name + "q"), Times: 2, Err: table.ErrBusy})
	byCounter := f.Break(Fault{Landed: landed, Match: AddsTo("n"), Times: -1})
	w.must(put(w.key("p", "s"), "x"))
	for i := range 2 {
		if _, err := f.Transact(w.ctx, put(w.key("q", fmt.Sprint(i)), "x")); !errors.Is(err, table.ErrBusy) {
			w.Errorf("call %d: %v, want ErrBusy", i, err)
		}
	}
	w.must(put(w.key("q", "s"), "x"))
	w.fails(table.ErrUnknown, table.Write{Kind: table.Add, Key: w.key("p", "n"), Counters: map[string]int64{"n": 1}})
	w.fails(table.ErrUnknown, table.Write{Kind: table.Add, Key: w.key("p", "n"), Counters: map[string]int64{"n": 1}})
	f.Mend()
	w.must(table.Write{Kind: table.Add, Key: w.key("p", "n"), Counters: map[string]int64{"n": 1}})
	want := int64(1)
	if landed {
		want = 3
	}
	if n := w.get(w.key("p", "n")).Counters["n"]; n != want {
		w.Errorf("counter at %d, want %d", n, want)
	}
	if byKey() != 2 || byCounter() != 2 {
		w.Errorf("broken %d and %d calls, want 2 and 2", byKey(), byCounter())
	}
}

func faultyReads(w *world) {
	f := w.faulty()
	key := w.key("p", "s")
	w.must(put(key, "x"))
	f.Break(Fault{Match: Reads(key.Partition), Times: 2, Err: table.ErrBusy})
	if _, err := f.Get(w.ctx, key); !errors.Is(err, table.ErrBusy) {
		w.Errorf("Get: %v, want ErrBusy", err)
	}
	if _, err := f.Query(w.ctx, table.Query{Partition: key.Partition, Limit: 1}); !errors.Is(err, table.ErrBusy) {
		w.Errorf("Query: %v, want ErrBusy", err)
	}
	w.want(key, made(key, "x"))
}

func faultyHooks(w *world) {
	f := w.faulty()
	crash := errors.New("crash")
	key := w.key("p", "s")
	var seen []string
	note := func(when string, fail bool) func(context.Context, Call) error {
		return func(_ context.Context, c Call) error {
			seen = append(seen, fmt.Sprintf("%s %d keys, %t query, %d writes", when, len(c.Keys), c.Query != nil, len(c.Writes)))
			if fail {
				return crash
			}
			return nil
		}
	}
	f.Hook(note("before", true), note("after", false))
	w.fails(crash, put(key, "x"))
	f.Hook(note("before", false), note("after", true))
	w.fails(crash, put(key, "x"))
	f.Hook(note("before", false), nil)
	w.want(key, made(key, "x"))
	w.query(table.Query{Partition: key.Partition, Limit: 1})
	want := []string{
		"before 0 keys, false query, 1 writes",
		"before 0 keys, false query, 1 writes", "after 0 keys, false query, 1 writes",
		"before 1 keys, false query, 0 writes", "before 0 keys, true query, 0 writes",
	}
	if fmt.Sprint(seen) != fmt.Sprint(want) {
		w.Errorf("hooks saw %q, want %q", seen, want)
	}
}
