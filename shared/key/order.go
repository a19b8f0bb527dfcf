package key

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
	"github.com/gander-images/gander/shared/table"
)

// An Order is a request for a key that is made here. It leads to the key, and is not
// needed for it.
//
// Source: Barbican API Reference, "Orders".
type Order struct {
	ID        string          `json:"id"`
	Owner     string          `json:"owner"`   // project
	Creator   string          `json:"creator"` // user
	Key       string          `json:"key"`     // id
	Meta      json.RawMessage `json:"meta"`    // as it was asked for
	CreatedAt time.Time       `json:"created_at"`

	State OrderState `json:"-"`

	revision int64
}

// An OrderState is how far an order is. It is that of its key, and stored nowhere else.
type OrderState string

// The states, as callers see them.
const (
	OrderPending OrderState = "PENDING" // the key is being made, or its making will be given up
	OrderActive  OrderState = "ACTIVE"  // the key was made
	OrderFailed  OrderState = "ERROR"
)

// ErrNoOrder is the answer for absent orders and for those that are not the caller's
// to see.
var ErrNoOrder = problem.New(problem.NotFound, "Order not found.")

func orderKey(id string) table.Key {
	return table.Key{Partition: "order#" + table.Text(id, maxTextKey), Sort: "order"}
}

func (o *Order) entry() table.Key {
	return table.Key{
		Partition: ordersPartition(o.Owner),
		Sort:      o.CreatedAt.UTC().Format(momentLayout) + "#" + table.Text(o.ID, maxTextKey),
	}
}

func ordersPartition(owner string) string {
	return "list#orders#" + table.Text(owner, maxTextKey) + "#created#0"
}

// Place has a key made of random bits. The order and the key's record are one
// transaction, before there is a secret: whatever fails, the order tells of the key.
//
// Errors: the vault's and the table's.
func (s *Service) Place(ctx context.Context, g policy.Grant, n New, meta json.RawMessage) (*Order, error) {
	if err := g.Permits(policy.OrdersPost); err != nil {
		return nil, err
	}
	n.ID, n.Value = s.NewID(), make([]byte, n.Metadata.BitLength/8)
	_, _ = rand.Read(n.Value) // it never fails
	o := &Order{ID: s.NewID(), Owner: n.Owner, Creator: n.Creator, Key: n.ID, Meta: meta, CreatedAt: s.now()}
	body, err := json.Marshal(o)
	if err != nil {
		return nil, fmt.Errorf("writing order %s: %w", o.ID, err)
	}
	n.beside = []table.Write{
		{Kind: table.Put, Key: orderKey(o.ID), Schema: schema, Body: body, If: table.IfAbsent()},
		{Kind: table.Put, Key: o.entry(), Schema: schema, Body: strconv.AppendQuote(nil, o.ID), If: table.IfAbsent()},
	}
	_, err = s.Create(ctx, n)
	return o, err
}

// Order returns the order with the id, whoever asks.
//
// Errors: ErrNoOrder.
func (s *Service) Order(ctx context.Context, id string) (*Order, error) {
	id, ok := asUUID(id)
	if !ok {
		return nil, ErrNoOrder
	}
	items, err := s.Table.Get(ctx, orderKey(id))
	if err != nil {
		return nil, fmt.Errorf("reading order %s: %w", id, err)
	}
	o, err := decodeOrder(items[0])
	if err != nil {
		return nil, err
	}
	if o == nil {
		return nil, ErrNoOrder
	}
	r, err := s.read(ctx, o.Key)
	o.State = orderState(r)
	return o, err
}

func decodeOrder(item *table.Item) (*Order, error) {
	if item == nil {
		return nil, nil
	}
	if item.Schema > schema {
		return nil, errNewer
	}
	var o Order
	if err := json.Unmarshal(item.Body, &o); err != nil {
		return nil, fmt.Errorf("reading %q: %w", item.Partition, err)
	}
	o.revision = item.Revision
	return &o, nil
}

func orderState(r *Record) OrderState {
	if r == nil {
		return OrderFailed
	}
	switch r.State {
	case Creating:
		return OrderPending
	case Abandoned, External:
		return OrderFailed
	}
	return OrderActive
}

// Cancel removes the order, and nothing of what it made.
//
// Errors: Changed when it is not as it was read.
func (s *Service) Cancel(ctx context.Context, g policy.Grant, o *Order) error {
	if err := g.Permits(policy.OrderDelete); err != nil {
		return err
	}
	outcome, err := s.Table.Transact(ctx,
		table.Write{Kind: table.Delete, Key: orderKey(o.ID), If: table.IfRevision(o.revision)},
		table.Write{Kind: table.Delete, Key: o.entry(), If: table.IfPresent()},
	)
	switch {
	case err != nil:
		return fmt.Errorf("removing order %s: %w", o.ID, err)
	case !outcome.OK():
		return errChanged
	}
	return nil
}
