package bolt

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"go.etcd.io/bbolt"

	"github.com/gander-images/gander/shared/table"
)

// Get implements table.Table. The items are one snapshot.
func (t *Table) Get(ctx context.Context, keys ...table.Key) ([]*table.Item, error) {
	if err := ready(ctx); err != nil {
		return nil, err
	}
	if err := table.ValidateKeys(keys); err != nil {
		return nil, err
	}
	found := make([]*table.Item, len(keys))
	if len(keys) == 0 {
		return found, nil
	}
	var units table.Units
	again := repeated(keys)
	err := t.view(func(tx *bbolt.Tx) error {
		cursor := tx.Bucket(itemBucket).Cursor() // one for all: it allocates where it stands
		scratch := make([]byte, 0, 256)
		for i, k := range keys {
			scratch = appendKey(scratch[:0], k.Partition, k.Sort)
			size := 0
			if key, value := cursor.Seek(scratch); bytes.Equal(key, scratch) {
				rec, err := decode(value)
				if err != nil {
					return fmt.Errorf("reading %q %q: %w", k.Partition, k.Sort, err)
				}
				size, found[i] = rec.size(k), rec.item(k)
			}
			if !again(i) {
				units = units.Add(table.ReadUnits(size))
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	table.Report(ctx, units)
	return found, nil
}

// repeated tells, of one key after the other, whether it came before: DynamoDB
// takes no key twice, so it is asked for, and paid, once.
func repeated(keys []table.Key) func(i int) bool {
	if len(keys) <= 32 {
		return func(i int) bool { return slices.Contains(keys[:i], keys[i]) }
	}
	seen := make(map[table.Key]bool, len(keys))
	return func(i int) bool {
		before := seen[keys[i]]
		seen[keys[i]] = true
		return before
	}
}

// usualPage is how many items a page has room for at first.
const usualPage = 64

// Query implements table.Table. A page is one snapshot, and More is exact.
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
	var page table.Page
	bytesRead := 0
	err := t.view(func(tx *bbolt.Tx) error {
		r := newRange(tx.Bucket(itemBucket).Cursor(), q)
		for key, value := r.first(); key != nil; key, value = r.next() {
			if len(page.Items) == q.Limit {
				page.More = true
				break
			}
			rec, err := decode(value)
			if err != nil {
				return fmt.Errorf("reading %q: %w", key, err)
			}
			k := table.Key{Partition: q.Partition, Sort: string(key[r.sortAt:])}
			size := rec.size(k)
			if bytesRead+size > table.MaxPageBytes {
				page.More = true
				break
			}
			bytesRead += size
			if page.Items == nil {
				page.Items = make([]table.Item, 0, min(q.Limit, usualPage))
			}
			page.Items = append(page.Items, *rec.item(k))
		}
		return nil
	})
	if err != nil {
		return table.Page{}, err
	}
	if page.More {
		page.Last = page.Items[len(page.Items)-1].Sort
	}
	table.Report(ctx, table.ReadUnits(bytesRead))
	return page, nil
}

// ready refuses a call whose context has ended.
func ready(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%w: %w", table.ErrBusy, err)
	}
	return nil
}

// A keyRange walks the keys that a query asks for, in its direction.
type keyRange struct {
	cursor   *bbolt.Cursor
	low      []byte // first key that may belong; exclusive if it is the position
	high     []byte // first key that no longer belongs; nil: none
	after    []byte // position, not returned itself
	backward bool
	sortAt   int // where the sort part begins in a key
}

func newRange(c *bbolt.Cursor, q table.Query) *keyRange {
	r := &keyRange{cursor: c, backward: q.Backward, sortAt: 2 + len(q.Partition)}
	r.low = appendKey(nil, q.Partition, q.Prefix)
	r.high = successor(r.low)
	if q.After != "" {
		r.after = appendKey(nil, q.Partition, q.After)
	}
	if r.after != nil && !q.Backward && bytes.Compare(r.after, r.low) > 0 {
		r.low = r.after
	}
	if r.after != nil && q.Backward && (r.high == nil || bytes.Compare(r.after, r.high) < 0) {
		r.high = r.after
	}
	return r
}

func (r *keyRange) first() (key, value []byte) {
	if !r.backward {
		key, value = r.cursor.Seek(r.low)
		if r.after != nil && bytes.Equal(key, r.after) {
			key, value = r.cursor.Next()
		}
		return r.within(key, value)
	}
	if r.high == nil {
		return r.within(r.cursor.Last())
	}
	if key, _ = r.cursor.Seek(r.high); key == nil {
		return r.within(r.cursor.Last())
	}
	return r.within(r.cursor.Prev())
}

func (r *keyRange) next() (key, value []byte) {
	if r.backward {
		return r.within(r.cursor.Prev())
	}
	return r.within(r.cursor.Next())
}

func (r *keyRange) within(key, value []byte) (k, v []byte) {
	if key == nil || bytes.Compare(key, r.low) < 0 || r.high != nil && bytes.Compare(key, r.high) >= 0 {
		return nil, nil
	}
	return key, value
}

// successor returns the least key after all that begin with prefix, nil if
// there is none.
func successor(prefix []byte) []byte {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] < 0xff {
			next := bytes.Clone(prefix[:i+1])
			next[i]++
			return next
		}
	}
	return nil
}
