package key

import (
	"context"
	"fmt"

	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/table"
)

// An OrderPage is a page of orders, and how many there are on all pages.
type OrderPage struct {
	Orders []*Order
	Total  int
}

// Orders returns a page of the project's orders, the first made first. The whole list
// is read each time, as with List.
func (s *Service) Orders(ctx context.Context, g policy.Grant, project string, limit, offset int) (OrderPage, error) {
	var page OrderPage
	if err := g.Permits(policy.SecretGet); err != nil {
		return page, err
	}
	var ids []string
	err := s.visitList(ctx, ordersPartition(project), false, func(some []string) error {
		for _, id := range some {
			if page.Total++; page.Total > offset && len(ids) < limit {
				ids = append(ids, id)
			}
		}
		return nil
	})
	if err != nil || len(ids) == 0 {
		return page, err
	}
	page.Orders, err = s.orders(ctx, ids)
	return page, err
}

// orders reads orders and how far they are. One that was removed meanwhile is left out.
func (s *Service) orders(ctx context.Context, ids []string) ([]*Order, error) {
	keys := make([]table.Key, len(ids))
	for i, id := range ids {
		keys[i] = orderKey(id)
	}
	items, err := s.Table.Get(ctx, keys...)
	if err != nil {
		return nil, fmt.Errorf("reading orders: %w", err)
	}
	var found []*Order
	var records []table.Key
	for _, item := range items {
		o, err := decodeOrder(item)
		if err != nil {
			return nil, err
		}
		if o != nil {
			found, records = append(found, o), append(records, recordKey(o.Key))
		}
	}
	if len(found) == 0 {
		return nil, nil
	}
	if items, err = s.Table.Get(ctx, records...); err != nil {
		return nil, fmt.Errorf("reading the keys of orders: %w", err)
	}
	for i, o := range found {
		r, err := decode(items[i])
		if err != nil {
			return nil, err
		}
		o.State = orderState(r)
	}
	return found, nil
}
