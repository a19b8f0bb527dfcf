package order

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/table"
)

// A Page is a page of orders, and how many there are on all pages.
type Page struct {
	Orders []*Order
	Total  int
}

// pageEntries is how many places of a list are read together.
const pageEntries = 50

// List returns a page of the project's orders, the first made first. Those that show
// refuses are left out and not counted; it is not told how far they are. The whole list is
// read each time: its length is part of the answer. Memory is bounded by the page.
//
// Errors: those of show, and the table's.
func (s Service) List(
	ctx context.Context, g policy.Grant, project string, limit, offset int, show func(*Order) (bool, error),
) (page Page, err error) {
	if err := g.Permits(policy.SecretGet); err != nil {
		return page, err
	}
	q := table.Query{Partition: listPartition(project), Limit: pageEntries}
	for more := true; more; {
		found, err := s.Keys.Table.Query(ctx, q)
		if err != nil {
			return page, fmt.Errorf("reading the list of orders: %w", err)
		}
		orders, err := s.read(ctx, found.Items)
		if err != nil {
			return page, err
		}
		for _, o := range orders {
			shown, err := show(o)
			if err != nil {
				return page, err
			}
			if !shown {
				continue
			}
			if page.Total++; page.Total > offset && len(page.Orders) < limit {
				page.Orders = append(page.Orders, o)
			}
		}
		more, q.After = found.More, found.Last
	}
	return page, s.tellStates(ctx, page.Orders)
}

// read reads the orders that entries of a list are about. One that was removed meanwhile
// is left out.
func (s Service) read(ctx context.Context, entries []table.Item) (found []*Order, err error) {
	if len(entries) == 0 {
		return nil, nil
	}
	places := make([]table.Key, len(entries))
	for i, entry := range entries {
		var id string
		if err := json.Unmarshal(entry.Body, &id); err != nil {
			return nil, fmt.Errorf("reading %q in the list of orders: %w", entry.Sort, err)
		}
		places[i] = place(id)
	}
	items, err := s.Keys.Table.Get(ctx, places...)
	if err != nil {
		return nil, fmt.Errorf("reading orders: %w", err)
	}
	for _, item := range items {
		o, err := decode(item)
		if err != nil {
			return nil, err
		}
		if o != nil {
			found = append(found, o)
		}
	}
	return found, nil
}

// tellStates reads how far orders are.
func (s Service) tellStates(ctx context.Context, orders []*Order) error {
	if len(orders) == 0 {
		return nil
	}
	keys := make([]string, len(orders))
	for i, o := range orders {
		keys[i] = o.Key
	}
	records, err := s.Keys.FindAll(ctx, keys...)
	if err != nil {
		return err
	}
	for i, o := range orders {
		o.State = stateOf(records[i])
	}
	return nil
}
