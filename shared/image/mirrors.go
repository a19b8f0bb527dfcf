package image

import (
	"cmp"
	"context"
	"slices"

	"github.com/gander-images/gander/shared/table"
)

// byName reads a list of what is shared with the caller as if entries were kept
// in name order: it goes through the whole list, which is by creation, and keeps
// the entries of no more images than it is asked for.
type byName struct{ *listing }

// Query implements reader. The partition is the list's in created order, all
// else is said of positions in name order. Images that do not belong to the
// listing are left out.
func (v byName) Query(ctx context.Context, q table.Query) (table.Page, error) {
	m := &merge{table: v.service.Table, streams: []*stream{{partition: q.Partition, mirror: true}}, entries: maxEntries}
	k := &kept{query: q}
	for {
		if pressed(ctx) {
			return table.Page{}, errLate
		}
		found, err := m.candidates(ctx, maxBatch)
		if err != nil {
			return table.Page{}, err
		}
		if len(found) == 0 {
			return k.page(), nil
		}
		images, err := v.records(ctx, found)
		if err != nil {
			return table.Page{}, err
		}
		for _, img := range images {
			if img == nil || !v.belongs(img, true) {
				continue
			}
			if ok, err := v.may(img); err != nil {
				return table.Page{}, err
			} else if ok {
				k.add(img)
			}
		}
	}
}

// kept are the first entries of a range of which it is told in no order.
type kept struct {
	query   table.Query
	items   []table.Item // in the order of reading
	dropped bool
}

func (k *kept) compare(sort, with string) int {
	if k.query.Backward {
		return cmp.Compare(with, sort)
	}
	return cmp.Compare(sort, with)
}

func (k *kept) add(img *Image) {
	sort := position(img, nameOrder)
	if k.query.After != "" && k.compare(sort, k.query.After) <= 0 {
		return
	}
	at, twice := slices.BinarySearchFunc(k.items, sort, func(it table.Item, sort string) int { return k.compare(it.Sort, sort) })
	if twice || at == k.query.Limit {
		k.dropped = k.dropped || !twice
		return
	}
	item := table.Item{Key: table.Key{Partition: k.query.Partition, Sort: sort}, Schema: entrySchema, Body: entryBody(img.ID)}
	k.items = slices.Insert(k.items, at, item)
	if len(k.items) > k.query.Limit {
		k.items, k.dropped = k.items[:k.query.Limit], true
	}
}

func (k *kept) page() table.Page {
	p := table.Page{Items: k.items, More: k.dropped}
	if k.dropped {
		p.Last = k.items[len(k.items)-1].Sort
	}
	return p
}
