package tabletest

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/gander-images/gander/shared/table"
)

func testTransact(t *testing.T, open func(*testing.T) Store) {
	t.Run("kinds and conditions", func(t *testing.T) { testConditions(t, open) })
	each(t, open, map[string]func(*world){
		"all or nothing":            transactAllOrNothing,
		"every failure is told":     transactFailures,
		"revisions count":           transactRevisions,
		"counters":                  transactCounters,
		"check does nothing":        transactCheck,
		"several kinds at once":     transactMixed,
		"ended context":             transactEnded,
		"deleted and made anew":     transactAnew,
		"counters over many writes": transactManyCounters,
	})
}

// A conditionCase is a condition, and whether it holds without and with an
// item. The item has revision 1 and the counter n at 5; bounds see n after the
// write's addition.
type conditionCase struct {
	name            string
	condition       table.Condition
	absent, present bool
	low, high       int64
}

func conditionCases() []conditionCase {
	const least, most = math.MinInt64, math.MaxInt64
	return []conditionCase{
		{"absent", table.IfAbsent(), true, false, least, most},
		{"present", table.IfPresent(), false, true, least, most},
		{"revision", table.IfRevision(1), false, true, least, most},
		{"earlier revision", table.IfRevision(0), false, false, least, most},
		{"later revision", table.IfRevision(2), false, false, least, most},
		{"within", table.IfWithin("n", 0, 10), true, true, 0, 10},
		{"within 0", table.IfWithin("n", 0, 0), true, true, 0, 0},
		{"within 3", table.IfWithin("n", 3, 3), true, true, 3, 3},
		{"within 5", table.IfWithin("n", 5, 5), true, true, 5, 5},
		{"within 8", table.IfWithin("n", 8, 8), true, true, 8, 8},
		{"below 8", table.IfWithin("n", least, 7), true, true, least, 7},
		{"above 4", table.IfWithin("n", 4, most), true, true, 4, most},
		{"empty bound", table.IfWithin("n", 9, 2), true, true, 9, 2},
		{"two bounds", table.IfWithin("n", 1, most).Within("n", least, 7), true, true, 1, 7},
		{"other counter", table.IfWithin("other", 0, 0), true, true, least, most},
		{"other counter outside", table.IfWithin("other", 1, 9), false, false, least, most},
		{"absent, within 3", table.IfAbsent().Within("n", 3, 3), true, false, 3, 3},
		{"present, within 8", table.IfPresent().Within("n", 8, 8), false, true, 8, 8},
		{"revision, within 8", table.IfRevision(1).Within("n", 8, 8), false, true, 8, 8},
		{"revision, one bound of two", table.IfRevision(1).Within("n", 0, 9).Within("other", 1, 2), false, false, 0, 9},
	}
}

// testConditions tries each kind of write under each condition, without and
// with an item.
func testConditions(t *testing.T, open func(*testing.T) Store) {
	w := newWorld(t, open)
	kinds := map[table.Kind]string{table.Put: "put", table.Add: "add", table.Delete: "delete", table.Check: "check"}
	for kind := table.Put; kind <= table.Check; kind++ {
		cases := conditionCases()
		if kind == table.Add {
			cases = append(cases, conditionCase{"none", table.Condition{}, true, true, math.MinInt64, math.MaxInt64})
		}
		for _, c := range cases {
			for _, there := range []bool{false, true} {
				name := fmt.Sprintf("%s if %s, present %t", kinds[kind], c.name, there)
				w.part(name, func(w *world) { w.condition(name, kind, c, there) })
			}
		}
	}
}

func (w *world) condition(name string, kind table.Kind, c conditionCase, there bool) {
	key := w.key(name, "s")
	var before *table.Item
	holds, n := c.absent, int64(0)
	if there {
		first := put(key, "first")
		first.Counters = map[string]int64{"n": 5, "kept": 7}
		w.must(first)
		before = made(key, "first")
		before.Counters = first.Counters
		holds, n = c.present, 5
	}
	write := table.Write{Kind: kind, Key: key, If: c.condition}
	if kind == table.Put || kind == table.Add {
		write.Counters = map[string]int64{"n": 3}
		n += 3
	}
	if kind == table.Put {
		write.Body, write.Schema = []byte("second"), 2
	}
	if !holds || n < c.low || n > c.high {
		outcome := w.refuse([]int{0}, write)
		w.same("item told", before, outcome.Failed[0].Item)
		w.want(key, before)
		return
	}
	w.must(write)
	w.want(key, after(before, write))
}

// after is what a write that happens leaves of an item.
func after(before *table.Item, w table.Write) *table.Item {
	if w.Kind == table.Check || w.Kind == table.Delete && before == nil {
		return before
	}
	if w.Kind == table.Delete {
		return nil
	}
	item := &table.Item{Key: w.Key, Counters: map[string]int64{}}
	if before != nil {
		*item = *plain(before)
	}
	item.Revision++
	if w.Kind == table.Put {
		item.Body, item.Schema = w.Body, w.Schema
	}
	for name, n := range w.Counters {
		item.Counters[name] += n
	}
	return item
}

func transactAllOrNothing(w *world) {
	a, b, c := w.key("p", "a"), w.key("p", "b"), w.key("q", "c")
	w.must(put(b, "b"))
	w.refuse([]int{1}, put(a, "a"), put(b, "again"), table.Write{Kind: table.Add, Key: c, Counters: map[string]int64{"n": 1}})
	w.want(a, nil)
	w.want(b, made(b, "b"))
	w.want(c, nil)
	// The last one fails.
	w.refuse([]int{2}, table.Write{Kind: table.Delete, Key: b, If: table.IfPresent()}, put(a, "a"), table.Write{Kind: table.Check, Key: c, If: table.IfPresent()})
	w.want(a, nil)
	w.want(b, made(b, "b"))
}

func transactFailures(w *world) {
	a, b, c, d := w.key("p", "a"), w.key("p", "b"), w.key("q", "c"), w.key("r", "d")
	w.must(put(b, "b"), put(c, "c"))
	outcome := w.refuse([]int{0, 2, 3},
		table.Write{Kind: table.Check, Key: a, If: table.IfPresent()},
		table.Write{Kind: table.Put, Key: b, If: table.IfRevision(1)},
		table.Write{Kind: table.Delete, Key: c, If: table.IfRevision(4)},
		table.Write{Kind: table.Add, Key: d, Counters: map[string]int64{"n": 2}, If: table.IfWithin("n", 0, 1)},
	)
	w.same("first", nil, outcome.Failed[0].Item)
	w.same("second", made(c, "c"), outcome.Failed[1].Item)
	w.same("third", nil, outcome.Failed[2].Item)
	if _, failed := outcome.FailedAt(1); failed {
		w.Error("a condition that holds is among the failures")
	}
	w.want(b, made(b, "b"))
}

func transactRevisions(w *world) {
	key := w.key("p", "s")
	w.must(put(key, "1"))
	for n := int64(1); n < 6; n++ {
		write := table.Write{Kind: table.Put, Key: key, Schema: 1, Body: []byte("x"), If: table.IfRevision(n)}
		if n%2 == 0 {
			write = table.Write{Kind: table.Add, Key: key, Counters: map[string]int64{"n": 1}, If: table.IfRevision(n)}
		}
		w.must(write)
		w.refuse([]int{0}, write)
		if got := w.get(key).Revision; got != n+1 {
			w.Fatalf("revision %d after write %d", got, n+1)
		}
	}
}

func transactCounters(w *world) {
	key := w.key("p", "s")
	// An Add makes the item, with an empty document.
	w.must(table.Write{Kind: table.Add, Key: key, Counters: map[string]int64{"n": 2, "m": -1}})
	w.want(key, &table.Item{Key: key, Revision: 1, Counters: map[string]int64{"n": 2, "m": -1}})
	// A Put adds to counters, too, and keeps those that it does not name.
	w.must(table.Write{Kind: table.Put, Key: key, Schema: 4, Body: []byte("x"), Counters: map[string]int64{"n": 5, "new": 9}, If: table.IfRevision(1)})
	w.want(key, &table.Item{Key: key, Revision: 2, Schema: 4, Body: []byte("x"), Counters: map[string]int64{"n": 7, "m": -1, "new": 9}})
	// An Add keeps the document.
	w.must(table.Write{Kind: table.Add, Key: key, Counters: map[string]int64{"n": -10}, If: table.IfPresent()})
	w.want(key, &table.Item{Key: key, Revision: 3, Schema: 4, Body: []byte("x"), Counters: map[string]int64{"n": -3, "m": -1, "new": 9}})
	// A Put without a body empties the document.
	w.must(table.Write{Kind: table.Put, Key: key, Schema: 4, If: table.IfRevision(3)})
	w.want(key, &table.Item{Key: key, Revision: 4, Schema: 4, Counters: map[string]int64{"n": -3, "m": -1, "new": 9}})
	// Back at 0 a counter is as good as absent.
	w.must(table.Write{Kind: table.Add, Key: key, Counters: map[string]int64{"n": 3}, If: table.IfWithin("n", 0, 0)})
	w.must(table.Write{Kind: table.Check, Key: key, If: table.IfWithin("n", 0, 0)})
}

func transactManyCounters(w *world) {
	key := w.key("p", "s")
	want := &table.Item{Key: key, Counters: map[string]int64{}}
	for i := range 60 {
		name := fmt.Sprintf("c%d", i*7%60)
		want.Counters[name] += int64(i + 1)
		want.Revision++
		w.must(table.Write{Kind: table.Add, Key: key, Counters: map[string]int64{name: int64(i + 1)}})
	}
	w.want(key, want)
}

func transactCheck(w *world) {
	a, b := w.key("p", "a"), w.key("p", "b")
	w.must(put(a, "a"))
	w.must(table.Write{Kind: table.Check, Key: a, If: table.IfRevision(1)}, table.Write{Kind: table.Check, Key: b, If: table.IfAbsent()})
	w.want(a, made(a, "a"))
	w.want(b, nil)
}

func transactMixed(w *world) {
	a, b, c, d := w.key("p", "a"), w.key("p", "b"), w.key("q", "c"), w.key("r", "d")
	w.must(put(a, "a"), put(b, "b"), put(c, "c"))
	w.must(
		table.Write{Kind: table.Put, Key: a, Schema: 2, Body: []byte("a2"), If: table.IfRevision(1)},
		table.Write{Kind: table.Delete, Key: b, If: table.IfPresent()},
		table.Write{Kind: table.Check, Key: c, If: table.IfRevision(1)},
		table.Write{Kind: table.Add, Key: d, Counters: map[string]int64{"n": 1}, If: table.IfWithin("n", 0, 1)},
	)
	w.want(a, &table.Item{Key: a, Revision: 2, Schema: 2, Body: []byte("a2")})
	w.want(b, nil)
	w.want(c, made(c, "c"))
	w.want(d, &table.Item{Key: d, Revision: 1, Counters: map[string]int64{"n": 1}})
}

func transactEnded(w *world) {
	ctx, cancel := context.WithCancel(w.ctx)
	cancel()
	key := w.key("p", "s")
	if _, err := w.Table.Transact(ctx, put(key, "x")); err == nil {
		w.Error("Transact with an ended context: no error")
	}
	if _, err := w.Table.Get(ctx, key); err == nil {
		w.Error("Get with an ended context: no error")
	}
	if _, err := w.Table.Query(ctx, table.Query{Partition: key.Partition, Limit: 1}); err == nil {
		w.Error("Query with an ended context: no error")
	}
	w.want(key, nil)
}

func transactAnew(w *world) {
	key := w.key("p", "s")
	first := put(key, "first")
	first.Counters = map[string]int64{"n": 4}
	w.must(first)
	w.must(table.Write{Kind: table.Add, Key: key, Counters: map[string]int64{"n": 1}})
	w.must(table.Write{Kind: table.Delete, Key: key, If: table.IfRevision(2)})
	w.want(key, nil)
	w.must(put(key, "second"))
	w.want(key, made(key, "second"))
}
