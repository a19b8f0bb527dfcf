package tabletest

import (
	"testing"

	"github.com/gander-images/gander/shared/table"
)

// testOwnership changes everything that went in or came out, and looks whether
// the table minds.
func testOwnership(t *testing.T, open func(*testing.T) Store) {
	each(t, open, map[string]func(*world){
		"what went in":  ownIn,
		"what came out": ownOut,
		"changes":       ownChanges,
	})
}

func counted(key table.Key) (table.Write, *table.Item) {
	write, item := put(key, "abc"), made(key, "abc")
	write.Counters, item.Counters = map[string]int64{"n": 1}, map[string]int64{"n": 1}
	return write, item
}

func spoil(item *table.Item) {
	for i := range item.Body {
		item.Body[i] = 'X'
	}
	for name := range item.Counters {
		item.Counters[name] = 99
	}
	item.Revision = 99
}

func ownIn(w *world) {
	key := w.key("p", "s")
	write, want := counted(key)
	w.must(write)
	write.Body[0], write.Counters["n"] = 'X', 99
	w.want(key, want)
}

func ownOut(w *world) {
	key := w.key("p", "s")
	write, want := counted(key)
	w.must(write)
	items, err := w.Table.Get(w.ctx, key, key)
	if err != nil {
		w.Fatal(err)
	}
	spoil(items[0])
	w.same("its twin", want, items[1])
	w.want(key, want)

	page := w.query(table.Query{Partition: key.Partition, Limit: 1})
	spoil(&page.Items[0])
	w.want(key, want)

	outcome := w.refuse([]int{0}, put(key, "again"))
	spoil(outcome.Failed[0].Item)
	w.want(key, want)
}

func ownChanges(w *world) {
	if w.Feed == nil {
		w.Skip("this store has no feed")
	}
	a, b := w.name+"a", w.name+"b"
	w.register(a, b)
	key := w.key("p", "s")
	write, want := counted(key)
	w.must(write)
	for _, consumer := range []string{a, b} {
		for _, c := range w.collect(consumer, 1) {
			w.same("new item", want, c.New)
			spoil(c.New)
		}
	}
	w.want(key, want)
}
