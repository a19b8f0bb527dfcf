package tabletest

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/gander-images/gander/shared/table"
)

func testLimits(t *testing.T, open func(*testing.T) Store) {
	each(t, open, map[string]func(*world){
		"writes":            limitWrites,
		"transaction bytes": limitTransactBytes,
		"item bytes":        limitItemBytes,
		"item grown by Add": limitGrownByAdd,
		"item grown by Put": limitGrownByPut,
		"keys":              limitKeys,
		"malformed writes":  limitMalformed,
		"others are spared": limitOthers,
	})
}

func limitWrites(w *world) {
	var writes []table.Write
	for i := range table.MaxWrites + 1 {
		writes = append(writes, put(w.key(fmt.Sprint(i%10), fmt.Sprint(i)), "x"))
	}
	w.fails(table.ErrInvalid)
	w.fails(table.ErrInvalid, writes...)
	w.want(writes[0].Key, nil)
	w.must(writes[:table.MaxWrites]...)
	w.want(writes[0].Key, made(writes[0].Key, "x"))
	w.want(writes[table.MaxWrites-1].Key, made(writes[table.MaxWrites-1].Key, "x"))

	last := writes[table.MaxWrites].Key
	w.fails(table.ErrInvalid, put(last, "x"), put(w.key("p", "other"), "x"), table.Write{Kind: table.Check, Key: last, If: table.IfAbsent()})
	for i := range writes {
		writes[i] = table.Write{Kind: table.Check, Key: writes[i].Key, If: table.IfPresent()}
	}
	writes[50].Key = writes[20].Key
	w.fails(table.ErrInvalid, writes[:table.MaxWrites]...)
}

func limitTransactBytes(w *world) {
	body := strings.Repeat("x", 399<<10)
	var writes []table.Write
	for i := range 11 {
		writes = append(writes, put(w.key("p", fmt.Sprint(i)), body))
	}
	w.fails(table.ErrItemTooLarge, writes...)
	w.want(writes[0].Key, nil)
	w.must(writes[:10]...)
	w.want(writes[9].Key, made(writes[9].Key, body))
}

// room is how much of an item of this test the body can take, less a few
// bytes in which measures of numbers may differ.
func room(key table.Key) int {
	item := table.Item{Key: key, Revision: 1, Schema: 1}
	return table.MaxItemBytes - item.Size() - 16
}

func limitItemBytes(w *world) {
	key := w.key("p", "s")
	w.fails(table.ErrItemTooLarge, put(key, strings.Repeat("x", room(key)+64)))
	w.want(key, nil)
	w.must(put(key, strings.Repeat("x", room(key))))
	// A longer key leaves less room.
	long := w.key("p", strings.Repeat("s", 1000))
	w.fails(table.ErrItemTooLarge, put(long, strings.Repeat("x", room(key))))
}

func limitGrownByAdd(w *world) {
	key := w.key("p", "s")
	body := strings.Repeat("x", room(key))
	w.must(put(key, body))
	w.fails(table.ErrItemTooLarge, put(w.key("p", "other"), "x"),
		table.Write{Kind: table.Add, Key: key, Counters: map[string]int64{strings.Repeat("c", 64): 1}})
	w.want(key, made(key, body))
	w.want(w.key("p", "other"), nil)
}

func limitGrownByPut(w *world) {
	key := w.key("p", "s")
	first := put(key, "x")
	first.Counters = map[string]int64{strings.Repeat("c", 64): 1}
	w.must(first)
	w.fails(table.ErrItemTooLarge, table.Write{Kind: table.Put, Key: key, Schema: 1, Body: []byte(strings.Repeat("x", room(key))), If: table.IfRevision(1)})
	if got := w.get(key); got.Revision != 1 || string(got.Body) != "x" {
		w.Errorf("the item changed: revision %d, %d bytes", got.Revision, len(got.Body))
	}
}

func limitKeys(w *world) {
	longest := w.key("", strings.Repeat("s", table.MaxSortBytes))
	longest.Partition += strings.Repeat("p", table.MaxPartitionBytes-len(longest.Partition))
	wide := w.key("p", strings.Repeat("ä", table.MaxSortBytes/2))
	w.must(put(longest, "x"), put(wide, "y"))
	w.want(longest, made(longest, "x"))
	w.want(wide, made(wide, "y"))
	page := w.query(table.Query{Partition: longest.Partition, Prefix: longest.Sort, Limit: 1})
	if len(page.Items) != 1 {
		w.Errorf("query by the longest key: %d items", len(page.Items))
	}
	for name, key := range badKeys(w) {
		w.part(name, func(w *world) { w.fails(table.ErrInvalid, put(key, "x")) })
	}
}

func limitMalformed(w *world) {
	key := w.key("p", "s")
	many := map[string]int64{}
	for i := range table.MaxCounters + 1 {
		many[fmt.Sprint(i)] = 1
	}
	for name, write := range map[string]table.Write{
		"no kind":                  {Key: key, If: table.IfAbsent()},
		"unknown kind":             {Kind: 9, Key: key, If: table.IfAbsent()},
		"put without condition":    {Kind: table.Put, Key: key},
		"delete without condition": {Kind: table.Delete, Key: key},
		"check without condition":  {Kind: table.Check, Key: key},
		"add with a body":          {Kind: table.Add, Key: key, Body: []byte("x")},
		"delete with a body":       {Kind: table.Delete, Key: key, Body: []byte("x"), If: table.IfAbsent()},
		"check with counters":      {Kind: table.Check, Key: key, Counters: map[string]int64{"n": 1}, If: table.IfAbsent()},
		"counter without a name":   {Kind: table.Add, Key: key, Counters: map[string]int64{"": 1}},
		"counter not UTF-8":        {Kind: table.Add, Key: key, Counters: map[string]int64{"\xff": 1}},
		"too many counters":        {Kind: table.Add, Key: key, Counters: many},
		"bound without a name":     {Kind: table.Add, Key: key, If: table.IfWithin("", 0, 1)},
		"negative schema":          {Kind: table.Put, Key: key, Schema: -1, If: table.IfAbsent()},
	} {
		other := w.key("p", "other")
		w.part(name, func(w *world) {
			w.fails(table.ErrInvalid, put(other, "x"), write)
			w.want(other, nil)
		})
	}
	w.want(key, nil)
}

// limitOthers lets refused and accepted transactions meet.
func limitOthers(w *world) {
	grown := w.key("p", "grown")
	w.must(put(grown, strings.Repeat("x", room(grown))))
	w.together(16, func(i int) error {
		writes, want := []table.Write{put(w.key("q", fmt.Sprint(i)), "x")}, error(nil)
		if i%2 == 1 {
			grow := table.Write{Kind: table.Add, Key: grown, Counters: map[string]int64{strings.Repeat("c", 64): 1}}
			writes, want = append(writes, grow), table.ErrItemTooLarge
		}
		if _, err := w.transact(writes...); !errors.Is(err, want) {
			return fmt.Errorf("worker %d: %w, want %w", i, err, want)
		}
		return nil
	})
	for i := range 16 {
		if there := w.get(w.key("q", fmt.Sprint(i))) != nil; there != (i%2 == 0) {
			w.Errorf("writer %d: present %t", i, there)
		}
	}
}
