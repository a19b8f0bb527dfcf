// Package memory is a table that lives in memory alone: for tests, and for the
// simulation, which makes and forgets millions of them. It has no pauses, no file
// and no background work. Fork copies it, Hash tells equal ones.
package memory

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/gander-images/gander/shared/table"
)

// A Table implements table.Table and table.Feed. It keeps every change that was
// made. It must not be copied but by Fork.
type Table struct {
	mu         sync.Mutex
	partitions map[string]*partition
	mark       *mark // of those partitions that this table may change in place
	hash       uint64
	changes    []table.Change // the n-th has the sequence first+n
	first      int
	feeds      feeds
}

// A mark tells one table's partitions from those that it shares with a fork.
type mark struct{ _ byte }

// A partition holds its items in the order of their sort keys.
type partition struct {
	owner   *mark
	entries []*entry
}

// An entry is never changed once it is in a table.
type entry struct {
	item table.Item
	hash uint64
}

// New returns an empty table.
func New() *Table {
	return &Table{partitions: make(map[string]*partition), mark: new(mark), feeds: newFeeds()}
}

// Fork returns a table with the same items, which goes its own way from here on. It
// has none of the changes, but its sequence goes on. It costs a pointer for each
// partition.
func (t *Table) Fork() *Table {
	t.mu.Lock()
	defer t.mu.Unlock()
	fork := &Table{
		partitions: make(map[string]*partition, len(t.partitions)), mark: new(mark),
		hash: t.hash, first: t.first + len(t.changes), feeds: newFeeds(),
	}
	for name, p := range t.partitions {
		fork.partitions[name] = p
	}
	t.mark = new(mark)
	return fork
}

// Hash is equal for tables with equal items, in one process. Of what they have been
// through it says nothing.
func (t *Table) Hash() uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.hash
}

// Made is how many changes there were, in the tables that this one was forked from,
// too.
func (t *Table) Made() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.first + len(t.changes)
}

// Since returns the changes after the first n that were made. They are the table's
// own: nobody may change them.
func (t *Table) Since(n int) []table.Change {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.changes[max(0, n-t.first):]
}

// All returns every item. Their bodies and counters are the table's own: nobody may
// change them.
func (t *Table) All() map[table.Key]table.Item {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := make(map[table.Key]table.Item)
	for _, p := range t.partitions {
		for _, e := range p.entries {
			all[e.item.Key] = e.item
		}
	}
	return all
}

// Get implements table.Table.
func (t *Table) Get(ctx context.Context, keys ...table.Key) ([]*table.Item, error) {
	if err := ready(ctx); err != nil {
		return nil, err
	}
	if err := table.ValidateKeys(keys); err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	found := make([]*table.Item, len(keys))
	var units table.Units
	for i, k := range keys {
		size := 0
		if e := t.find(k); e != nil {
			size, found[i] = e.item.Size(), e.copy()
		}
		if len(keys) > 32 || !slices.Contains(keys[:i], k) {
			units = units.Add(table.ReadUnits(size))
		}
	}
	table.Report(ctx, units)
	return found, nil
}

// Query implements table.Table. More is exact.
func (t *Table) Query(ctx context.Context, q table.Query) (table.Page, error) {
	if err := ready(ctx); err != nil {
		return table.Page{}, err
	}
	if err := table.ValidateQuery(q); err != nil {
		return table.Page{}, err
	}
	if q.Empty() {
		return table.Page{}, nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	var page table.Page
	size := 0
	for e := range t.within(q) {
		more := e.item.Size()
		if len(page.Items) == q.Limit || size+more > table.MaxPageBytes {
			page.More, page.Last = true, page.Items[len(page.Items)-1].Sort
			break
		}
		size += more
		page.Items = append(page.Items, *e.copy())
	}
	table.Report(ctx, table.ReadUnits(size))
	return page, nil
}

// within walks the entries that a query asks for, in its direction.
func (t *Table) within(q table.Query) func(yield func(*entry) bool) {
	return func(yield func(*entry) bool) {
		p := t.partitions[q.Partition]
		if p == nil {
			return
		}
		low, _ := p.search(q.Prefix)
		high := len(p.entries)
		for high > low && !strings.HasPrefix(p.entries[high-1].item.Sort, q.Prefix) {
			high--
		}
		if q.After != "" {
			low, high = p.beyond(q, low, high)
		}
		for i := range max(0, high-low) {
			at := low + i
			if q.Backward {
				at = high - 1 - i
			}
			if !yield(p.entries[at]) {
				return
			}
		}
	}
}

// beyond narrows the range to what follows the query's position.
func (p *partition) beyond(q table.Query, low, high int) (from, to int) {
	at, there := p.search(q.After)
	if q.Backward {
		return low, min(high, at)
	}
	if there {
		at++
	}
	return max(low, at), high
}

// search returns where an item with the sort key stands or would stand.
func (p *partition) search(sort string) (at int, there bool) {
	return slices.BinarySearchFunc(p.entries, sort, func(e *entry, sort string) int { return strings.Compare(e.item.Sort, sort) })
}

func (t *Table) find(k table.Key) *entry {
	p := t.partitions[k.Partition]
	if p == nil {
		return nil
	}
	if at, there := p.search(k.Sort); there {
		return p.entries[at]
	}
	return nil
}

// ready refuses a call whose context has ended.
func ready(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%w: %w", table.ErrBusy, err)
	}
	return nil
}
