package tabletest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gander-images/gander/shared/table"
)

func testQuery(t *testing.T, open func(*testing.T) Store) {
	each(t, open, map[string]func(*world){
		"ranges":                queryRanges,
		"byte order":            queryByteOrder,
		"pages":                 queryPages,
		"page ends at 1 MB":     queryLargePages,
		"items are whole":       queryItems,
		"sees what was written": queryFresh,
		"bad queries":           queryBad,
	})
}

// sorts makes an item for each sort key in partition "p", and neighbours that
// no query for it may find.
func (w *world) sorts(keys ...string) string {
	w.Helper()
	w.must(put(w.key("o", "z"), "before"), put(w.key("p\x00", "a"), "near"), put(w.key("p0", "a"), "near"), put(w.key("q", "a"), "after"))
	for _, k := range keys {
		w.must(put(w.key("p", k), k))
	}
	return w.name + "p"
}

// read follows a query to its end and returns the sort keys found.
func (w *world) read(q table.Query) []string {
	w.Helper()
	found := []string{}
	for {
		page := w.query(q)
		if len(page.Items) > q.Limit {
			w.Fatalf("%+v: %d items, more than the limit", q, len(page.Items))
		}
		for _, item := range page.Items {
			found = append(found, item.Sort)
		}
		if !page.More {
			return found
		}
		if page.Last == "" || page.Last == q.After {
			w.Fatalf("%+v: more, but the position does not move: %q", q, page.Last)
		}
		q.After = page.Last
	}
}

func queryRanges(w *world) {
	p := w.sorts("a", "b", "b1", "b2", "c", "d")
	tests := []struct {
		prefix, after     string
		forward, backward string
	}{
		{"", "", "a b b1 b2 c d", "d c b2 b1 b a"},
		{"b", "", "b b1 b2", "b2 b1 b"},
		{"b1", "", "b1", "b1"},
		{"b3", "", "", ""},
		{"", "b1", "b2 c d", "b a"},
		{"", "b15", "b2 c d", "b1 b a"}, // positions that do not exist
		{"", "0", "a b b1 b2 c d", ""},
		{"", "z", "", "d c b2 b1 b a"},
		{"", "a", "b b1 b2 c d", ""},
		{"", "d", "", "c b2 b1 b a"},
		{"b", "b", "b1 b2", ""},
		{"b", "b1", "b2", "b"},
		{"b", "b15", "b2", "b1 b"},
		{"b", "b2", "", "b1 b"},
		{"b", "a", "b b1 b2", ""}, // positions outside the prefix
		{"b", "c", "", "b2 b1 b"},
		{"b", "bz", "", "b2 b1 b"},
	}
	for _, test := range tests {
		for _, limit := range []int{1, 2, 3, 100} {
			q := table.Query{Partition: p, Prefix: test.prefix, After: test.after, Limit: limit}
			if got, want := w.read(q), strings.Fields(test.forward); !slices.Equal(got, want) {
				w.Errorf("%+v: %q, want %q", q, got, want)
			}
			q.Backward = true
			if got, want := w.read(q), strings.Fields(test.backward); !slices.Equal(got, want) {
				w.Errorf("%+v: %q, want %q", q, got, want)
			}
		}
	}
	if page := w.query(table.Query{Partition: w.name + "nobody", Limit: 1}); page.More || len(page.Items) != 0 {
		w.Errorf("a partition without items: %+v", page)
	}
}

func queryByteOrder(w *world) {
	// Ordered by bytes: not by locale, not by UTF-16 unit, not by case.
	want := []string{"\x00", "\x01", " ", "10", "9", "A", "Z", "a", "a\x00", "a!", "aa", "z", "\x7f", "Ä", "ä", "é", "世", "\uffee", "😀", "\U0010ffff"}
	shuffled := slices.Clone(want)
	slices.Reverse(shuffled)
	p := w.sorts(shuffled...)
	got := w.read(table.Query{Partition: p, Limit: 7})
	if diff := cmp.Diff(want, got); diff != "" {
		w.Errorf("forward (-want +got):\n%s", diff)
	}
	slices.Reverse(want)
	got = w.read(table.Query{Partition: p, Limit: 7, Backward: true})
	if diff := cmp.Diff(want, got); diff != "" {
		w.Errorf("backward (-want +got):\n%s", diff)
	}
	if got := w.read(table.Query{Partition: p, Prefix: "\U0010ffff", Limit: 7}); !slices.Equal(got, []string{"\U0010ffff"}) {
		w.Errorf("the last prefix of all: %q", got)
	}
}

// queryPages looks at what a page says of what follows it.
func queryPages(w *world) {
	p := w.sorts("a", "b", "c")
	page := w.query(table.Query{Partition: p, Limit: 2})
	if len(page.Items) != 2 || !page.More || page.Last != "b" {
		w.Errorf("first page: %d items, more %t, last %q", len(page.Items), page.More, page.Last)
	}
	page = w.query(table.Query{Partition: p, Limit: 2, After: "b"})
	if len(page.Items) != 1 || page.More {
		w.Errorf("last page: %d items, more %t", len(page.Items), page.More)
	}
	// An item that goes takes no other with it, nor does one that comes.
	w.must(table.Write{Kind: table.Delete, Key: w.key("p", "b"), If: table.IfPresent()}, put(w.key("p", "b1"), "b1"))
	if got := w.read(table.Query{Partition: p, Limit: 2, After: "b"}); !slices.Equal(got, []string{"b1", "c"}) {
		w.Errorf("after a deleted position: %q", got)
	}
}

func queryLargePages(w *world) {
	const items, size = 7, 300 << 10
	body := strings.Repeat("x", size)
	var want []string
	for i := range items {
		k := w.key("p", fmt.Sprint(i))
		w.must(put(k, body))
		want = append(want, k.Sort)
	}
	for _, backward := range []bool{false, true} {
		q := table.Query{Partition: w.name + "p", Limit: items, Backward: backward}
		page := w.query(q)
		if n := len(page.Items); n > table.MaxPageBytes/size || !page.More {
			w.Errorf("backward %t: a page of %d items of 300 KB, more %t", backward, n, page.More)
		}
		if got := w.read(q); !slices.Equal(got, want) {
			w.Errorf("backward %t: %q, want %q", backward, got, want)
		}
		slices.Reverse(want)
	}
}

func queryItems(w *world) {
	key := w.key("p", "s")
	write := put(key, "{}")
	write.Counters = map[string]int64{"n": 3}
	w.must(write)
	want := made(key, "{}")
	want.Counters = map[string]int64{"n": 3}
	page := w.query(table.Query{Partition: key.Partition, Limit: 5})
	if len(page.Items) != 1 {
		w.Fatalf("%d items", len(page.Items))
	}
	w.same("item", want, &page.Items[0])
}

func queryFresh(w *world) {
	for i := range 20 {
		key := w.key("p", fmt.Sprintf("%02d", i))
		w.must(put(key, "{}"))
		page := w.query(table.Query{Partition: key.Partition, Backward: true, Limit: 1})
		if len(page.Items) != 1 || page.Items[0].Sort != key.Sort {
			w.Fatalf("after writing %q the last item is %+v", key.Sort, page.Items)
		}
	}
}

func queryBad(w *world) {
	long := strings.Repeat("s", table.MaxSortBytes+1)
	for name, q := range map[string]table.Query{
		"no partition":        {Limit: 1},
		"long partition":      {Partition: strings.Repeat("p", table.MaxPartitionBytes+1), Limit: 1},
		"partition not UTF-8": {Partition: "\xff", Limit: 1},
		"no limit":            {Partition: w.name},
		"negative limit":      {Partition: w.name, Limit: -1},
		"long prefix":         {Partition: w.name, Prefix: long, Limit: 1},
		"half a character":    {Partition: w.name, Prefix: "ä"[:1], Limit: 1},
		"long position":       {Partition: w.name, After: long, Limit: 1},
		"position not UTF-8":  {Partition: w.name, After: "\xff", Limit: 1},
	} {
		if page, err := w.Table.Query(w.ctx, q); !errors.Is(err, table.ErrInvalid) {
			w.Errorf("%s: %+v, %v; want ErrInvalid", name, page, err)
		}
	}
}
