package memory_test

import (
	"fmt"
	"testing"

	"github.com/gander-images/gander/shared/table"
	"github.com/gander-images/gander/shared/table/memory"
	"github.com/gander-images/gander/shared/table/tabletest"
)

func TestConformance(t *testing.T) {
	tabletest.Run(t, func(*testing.T) tabletest.Store {
		return kept(memory.New())
	})
}

// A fork of a table passes all that a table must, whatever becomes of the other.
func TestConformanceOfForks(t *testing.T) {
	tabletest.Run(t, func(*testing.T) tabletest.Store {
		m := memory.New()
		write(t, m, "before", 0)
		fork := m.Fork()
		write(t, m, "after", 0)
		return kept(fork)
	})
}

// kept is a store that outlives whoever uses it: it is as it was to the next.
func kept(m *memory.Table) tabletest.Store {
	return tabletest.Store{Table: m, Feed: m, Reopen: func(*testing.T) tabletest.Store { return kept(m) }}
}

func write(t *testing.T, m *memory.Table, sort string, revision int64) {
	t.Helper()
	w := table.Write{Kind: table.Put, Key: table.Key{Partition: "p", Sort: sort}, Schema: 1, Body: []byte(sort), If: table.IfAbsent()}
	if revision > 0 {
		w.If = table.IfRevision(revision)
	}
	outcome, err := m.Transact(t.Context(), w)
	if err != nil || !outcome.OK() {
		t.Fatalf("writing %s: %+v, %v", sort, outcome, err)
	}
}

func TestForksGoTheirOwnWays(t *testing.T) {
	m := memory.New()
	write(t, m, "a", 0)
	fork := m.Fork()
	if fork.Hash() != m.Hash() {
		t.Error("a fork's hash is not that of its table")
	}
	write(t, m, "b", 0)
	write(t, fork, "a", 1)
	for sort, want := range map[string][2]int64{"a": {1, 2}, "b": {1, 0}} {
		for i, tb := range []*memory.Table{m, fork} {
			items, err := tb.Get(t.Context(), table.Key{Partition: "p", Sort: sort})
			if err != nil {
				t.Fatal(err)
			}
			if got := items[0]; got == nil && want[i] > 0 || got != nil && got.Revision != want[i] {
				t.Errorf("table %d has %+v under %s, want revision %d", i, got, sort, want[i])
			}
		}
	}
	if got := fork.Since(0); len(got) != 1 || got[0].Old == nil || fork.Made() != 2 {
		t.Errorf("the fork made %+v, want its own change alone", got)
	}
}

// The order in which items came is no part of the hash; all else that a reader sees is.
func TestHashIsThatOfTheItems(t *testing.T) {
	one, other := memory.New(), memory.New()
	for i := range 5 {
		write(t, one, fmt.Sprint(i), 0)
		write(t, other, fmt.Sprint(4-i), 0)
	}
	if one.Hash() != other.Hash() {
		t.Error("equal tables have other hashes")
	}
	before := one.Hash()
	write(t, one, "3", 1)
	if one.Hash() == before {
		t.Error("another revision left the hash as it was")
	}
	outcome, err := one.Transact(t.Context(), table.Write{Kind: table.Delete, Key: table.Key{Partition: "p", Sort: "3"}, If: table.IfPresent()})
	if err != nil || !outcome.OK() {
		t.Fatal(outcome, err)
	}
	write(t, one, "3", 0)
	if one.Hash() != before {
		t.Error("an item made anew, as it was, left another hash")
	}
}

// Two items of one place and revision have one hash only if a reader sees no difference.
func TestHashTellsItemsApart(t *testing.T) {
	put := func(w table.Write) uint64 {
		m := memory.New()
		w.Kind, w.If = table.Put, table.IfAbsent()
		if outcome, err := m.Transact(t.Context(), w); err != nil || !outcome.OK() {
			t.Fatal(outcome, err)
		}
		return m.Hash()
	}
	first := func() table.Write {
		return table.Write{Key: table.Key{Partition: "p", Sort: "s"}, Schema: 1, Body: []byte("b"), Counters: map[string]int64{"n": 1}}
	}
	whole := put(first())
	if again := put(first()); again != whole {
		t.Error("equal items have other hashes")
	}
	split, other := first(), first()
	split.Key, other.Key = table.Key{Partition: "pa", Sort: "b"}, table.Key{Partition: "p", Sort: "ab"}
	if put(split) == put(other) {
		t.Error("where a partition's name ends leaves the hash as it was")
	}
	for what, change := range map[string]func(w *table.Write){
		"another partition":      func(w *table.Write) { w.Key.Partition = "q" },
		"another sort key":       func(w *table.Write) { w.Key.Sort = "t" },
		"another schema":         func(w *table.Write) { w.Schema = 2 },
		"another body":           func(w *table.Write) { w.Body = []byte("c") },
		"another count":          func(w *table.Write) { w.Counters["n"] = 2 },
		"another counter":        func(w *table.Write) { w.Counters = map[string]int64{"m": 1} },
		"no counter":             func(w *table.Write) { w.Counters = nil },
		"one more counter":       func(w *table.Write) { w.Counters["o"] = 1 },
		"a body with no counter": func(w *table.Write) { w.Body, w.Counters = []byte("bn"), nil },
	} {
		w := first()
		change(&w)
		if put(w) == whole {
			t.Errorf("%s leaves the hash as it was", what)
		}
	}
}
