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

// List returns a page of the project's orders, the first made first. The whole list is
// read each time: its length is part of the answer.
//
// Errors: the table's.
func (s Service) List(ctx context.Context, g policy.Grant, project string, limit, offset int) (page Page, err error) {
	if err := g.Permits(policy.SecretGet); err != nil {
		return page, err
	}
	var ids []string
	q := table.Query{Partition: listPartition(project), Limit: pageEntries}
	for more := true; more; {
		found, err := s.Keys.Table.Query(ctx, q)
		if err != nil {
			return page, fmt.Errorf("reading the list of orders: %w", err)
		}
		for _, item := range found.Items {
			var id string
			if err := json.Unmarshal(item.Body, &id); err != nil {
				return page, fmt.Errorf("reading %q in the list of orders: %w", item.Sort, err)
			}
			if page.Total++; page.Total > offset && len(ids) < limit {
				ids = append(ids, id)
			}
		}
		more, q.After = found.More, found.Last
	}
	page.Orders, err = s.read(ctx, ids)
	return page, err
}

// read reads orders and how far they are. One that was removed meanwhile is left out.
func (s Service) read(ctx context.Context, ids []string) ([]*Order, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	places := make([]table.Key, len(ids))
	for i, id := range ids {
		places[i] = place(id)
	}
	items, err := s.Keys.Table.Get(ctx, places...)
	if err != nil {
		return nil, fmt.Errorf("reading orders: %w", err)
	}
	var found []*Order
	var keys []string
	for _, item := range items {
		o, err := decode(item)
		if err != nil {
			return nil, err
		}
		if o != nil {
			found, keys = append(found, o), append(keys, o.Key)
		}
	}
	records, err := s.Keys.FindAll(ctx, keys...)
	if err != nil {
		return nil, err
	}
	for i, o := range found {
		o.State = stateOf(records[i])
	}
	return found, nil
}
