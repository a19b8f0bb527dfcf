// Package tabletest holds the promises of the metadata port as tests, and a
// table that breaks on demand for the tests of everybody above the port.
package tabletest

import (
	"context"
	"crypto/rand"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gander-images/gander/shared/conformance"
	"github.com/gander-images/gander/shared/table"
)

// A Store is a table under test.
type Store struct {
	Table table.Table

	// Feed delivers the table's changes; nil where an engine's feed is not
	// reached through the port. Its tests are then skipped, by name.
	Feed table.Feed

	// Reopen closes the store and opens it again on the same data, as another
	// process would; nil where there is nothing to reopen.
	Reopen func(t *testing.T) Store

	// Wrong are tests that the engine behind an adapter is known to fail where
	// the real one passes, each with the reason: "Limits/keys" for the test of
	// that name. They are skipped with it. A name that is no test's fails.
	Wrong map[string]string
}

// Run holds a store to every promise of table.Table and table.Feed. open is
// called for each group of tests; it may return a new store or one that is
// shared, for the tests keep to partitions and consumers of their own.
func Run(t *testing.T, open func(t *testing.T) Store) {
	groups := []struct {
		name string
		test func(*testing.T, func(*testing.T) Store)
	}{
		{"Get", testGet},
		{"Query", testQuery},
		{"Transact", testTransact},
		{"Limits", testLimits},
		{"Ownership", testOwnership},
		{"Races", testRaces},
		{"Walk", testWalk},
		{"Faults", testFaults},
		{"Changes", testChanges},
	}
	met := &conformance.Differences{}
	anyStore := open
	open = func(t *testing.T) Store {
		t.Helper()
		store := anyStore(t)
		met.Skip(t, store.Wrong)
		return store
	}
	for _, g := range groups {
		t.Run(g.name, func(t *testing.T) { g.test(t, open) })
	}
	met.Check(t)
}

// patience ends a test that waits for something that does not come.
var patience = 60 * time.Second

// A world is one test with its store.
type world struct {
	*testing.T
	Store
	ctx  context.Context
	name string // begins every partition of this test
}

func newWorld(t *testing.T, open func(*testing.T) Store) *world {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return &world{T: t, Store: open(t), ctx: ctx, name: rand.Text()}
}

// each runs tests as parts of t, every one in a world of its own.
func each(t *testing.T, open func(*testing.T) Store, tests map[string]func(*world)) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(tests)) {
		t.Run(name, func(t *testing.T) { tests[name](newWorld(t, open)) })
	}
}

// part runs a part of a test under its own name, in the same world.
func (w *world) part(name string, test func(*world)) {
	w.Helper()
	w.Run(name, func(t *testing.T) {
		part := *w
		part.T = t
		test(&part)
	})
}

// together runs n workers at once and reports their errors.
func (w *world) together(n int, work func(worker int) error) {
	w.Helper()
	errs := make([]error, n)
	var group sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		group.Go(func() {
			<-start
			errs[i] = work(i)
		})
	}
	close(start)
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		w.Fatal(err)
	}
}

// key names an item of this test in a partition.
func (w *world) key(partition, sort string) table.Key {
	return table.Key{Partition: w.name + partition, Sort: sort}
}

// transact makes writes, and tries again what the engine says did not happen.
func (w *world) transact(writes ...table.Write) (table.Outcome, error) {
	for {
		outcome, err := w.Table.Transact(w.ctx, writes...)
		if !errors.Is(err, table.ErrBusy) || w.ctx.Err() != nil {
			return outcome, err
		}
	}
}

// must makes writes whose conditions hold.
func (w *world) must(writes ...table.Write) {
	w.Helper()
	outcome, err := w.transact(writes...)
	if err != nil {
		w.Fatalf("Transact: %v", err)
	}
	if !outcome.OK() {
		w.Fatalf("Transact: conditions failed: %+v", outcome.Failed)
	}
}

// refuse makes writes of which those at the indexes must fail.
func (w *world) refuse(indexes []int, writes ...table.Write) table.Outcome {
	w.Helper()
	outcome, err := w.transact(writes...)
	if err != nil {
		w.Fatalf("Transact: %v", err)
	}
	var failed []int
	for _, f := range outcome.Failed {
		failed = append(failed, f.Index)
	}
	if diff := cmp.Diff(indexes, failed); diff != "" {
		w.Fatalf("failed conditions (-want +got):\n%s", diff)
	}
	return outcome
}

// fails makes writes that must end in an error.
func (w *world) fails(want error, writes ...table.Write) {
	w.Helper()
	outcome, err := w.transact(writes...)
	if !errors.Is(err, want) {
		w.Fatalf("Transact: %+v, %v; want the error %v", outcome, err, want)
	}
}

// get reads one item.
func (w *world) get(key table.Key) *table.Item {
	w.Helper()
	items, err := w.Table.Get(w.ctx, key)
	if err != nil {
		w.Fatalf("Get: %v", err)
	}
	if len(items) != 1 {
		w.Fatalf("Get of one key returned %d items", len(items))
	}
	return items[0]
}

// want compares the item that lies under its key; nil wants none.
func (w *world) want(key table.Key, want *table.Item) {
	w.Helper()
	w.same("item", want, w.get(key))
}

func (w *world) same(what string, want, got *table.Item) {
	w.Helper()
	if diff := cmp.Diff(plain(want), plain(got)); diff != "" {
		w.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

// query reads one page.
func (w *world) query(q table.Query) table.Page {
	w.Helper()
	page, err := w.Table.Query(w.ctx, q)
	if err != nil {
		w.Fatalf("Query: %v", err)
	}
	return page
}

// plain writes alike what the port does not tell apart: no body and an empty
// one, no counter and one that is 0.
func plain(item *table.Item) *table.Item {
	if item == nil {
		return nil
	}
	p := *item
	p.Body = append([]byte{}, item.Body...)
	p.Counters = map[string]int64{}
	for name, n := range item.Counters {
		if n != 0 {
			p.Counters[name] = n
		}
	}
	return &p
}

// put is a new item with a body.
func put(key table.Key, body string) table.Write {
	return table.Write{Kind: table.Put, Key: key, Schema: 1, Body: []byte(body), If: table.IfAbsent()}
}

// made is what put leaves.
func made(key table.Key, body string) *table.Item {
	return &table.Item{Key: key, Revision: 1, Schema: 1, Body: []byte(body)}
}
