package tabletest

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/gander-images/gander/shared/table"
)

func testGet(t *testing.T, open func(*testing.T) Store) {
	each(t, open, map[string]func(*world){
		"nothing":                   getNothing,
		"missing":                   getMissing,
		"in order, with repetition": getInOrder,
		"more than a hundred":       getMany,
		"keys are not mixed up":     getSimilarKeys,
		"every kind of value":       getValues,
		"bad keys":                  getBadKeys,
	})
}

func getNothing(w *world) {
	items, err := w.Table.Get(w.ctx)
	if err != nil || len(items) != 0 {
		w.Fatalf("Get of no keys: %v, %v", items, err)
	}
}

func getMissing(w *world) { w.want(w.key("p", "s"), nil) }

func getInOrder(w *world) {
	a, b, c := w.key("p", "a"), w.key("p", "b"), w.key("q", "a")
	w.must(put(a, `"a"`), put(c, `"c"`))
	keys := []table.Key{c, b, a, c, b}
	items, err := w.Table.Get(w.ctx, keys...)
	if err != nil || len(items) != len(keys) {
		w.Fatalf("Get: %d items, %v", len(items), err)
	}
	for i, want := range []*table.Item{made(c, `"c"`), nil, made(a, `"a"`), made(c, `"c"`), nil} {
		w.same(fmt.Sprintf("item %d", i), want, items[i])
	}
}

func getMany(w *world) {
	const n = 250
	var keys []table.Key
	for i := range n {
		keys = append(keys, w.key("p", fmt.Sprint(i)))
	}
	for i := 0; i < n; i += 50 {
		var writes []table.Write
		for _, k := range keys[i : i+50] {
			writes = append(writes, put(k, k.Sort))
		}
		w.must(writes...)
	}
	items, err := w.Table.Get(w.ctx, keys...)
	if err != nil || len(items) != n {
		w.Fatalf("Get: %d items, %v", len(items), err)
	}
	for i, k := range keys {
		w.same(k.Sort, made(k, k.Sort), items[i])
	}
}

// getSimilarKeys would catch keys that are joined without an end between them.
func getSimilarKeys(w *world) {
	keys := []table.Key{w.key("a", "bc"), w.key("ab", "c"), w.key("a#b", "c"), w.key("a", "b#c"), w.key("a\x00", "b"), w.key("a", "\x00b")}
	for _, k := range keys {
		w.must(put(k, fmt.Sprintf("%q", k)))
	}
	for _, k := range keys {
		w.want(k, made(k, fmt.Sprintf("%q", k)))
	}
	page := w.query(table.Query{Partition: keys[0].Partition, Limit: 10})
	if len(page.Items) != 3 {
		w.Fatalf("partition %q has %d items, want 3", keys[0].Partition, len(page.Items))
	}
}

func getValues(w *world) {
	key := w.key("p", "s")
	want := &table.Item{Key: key, Revision: 1, Schema: 1 << 30, Body: []byte{0, 1, 0xff, '{', 0}, Counters: map[string]int64{
		"a": 1, "negative": -7, "größe": 1 << 53, "most": 1<<63 - 1, "least": -1 << 63, "with space-and.dots#": 3,
	}}
	w.must(table.Write{Kind: table.Put, Key: key, Schema: want.Schema, Body: want.Body, Counters: want.Counters, If: table.IfAbsent()})
	w.want(key, want)
}

func getBadKeys(w *world) {
	for name, key := range badKeys(w) {
		if _, err := w.Table.Get(w.ctx, w.key("p", "s"), key); !errors.Is(err, table.ErrInvalid) {
			w.Errorf("Get with %s: %v, want ErrInvalid", name, err)
		}
	}
}

func badKeys(w *world) map[string]table.Key {
	return map[string]table.Key{
		"no partition":         {Sort: "s"},
		"no sort":              {Partition: w.name},
		"partition not UTF-8":  {Partition: w.name + "\xff", Sort: "s"},
		"sort not UTF-8":       {Partition: w.name, Sort: "a\xc3"},
		"partition too long":   {Partition: w.name + strings.Repeat("p", table.MaxPartitionBytes+1-len(w.name)), Sort: "s"},
		"sort too long":        {Partition: w.name, Sort: strings.Repeat("s", table.MaxSortBytes+1)},
		"too long in bytes":    {Partition: w.name, Sort: strings.Repeat("ä", table.MaxSortBytes/2) + "s"},
		"half a character":     {Partition: w.name, Sort: "ä"[:1]},
		"a surrogate in UTF-8": {Partition: w.name, Sort: "\xed\xa0\x80"},
	}
}
