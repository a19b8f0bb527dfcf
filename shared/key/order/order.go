// Package order keeps orders: requests for keys that are made here of random bits. An
// order leads to its key, and the key needs no order.
package order

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/gander-images/gander/shared/key"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
	"github.com/gander-images/gander/shared/table"
)

// An Order is a request for a key.
//
// Source: Barbican API Reference, "Orders".
type Order struct {
	ID        string          `json:"id"`
	Owner     string          `json:"owner"`   // project
	Creator   string          `json:"creator"` // user
	Key       string          `json:"key"`     // id
	Meta      json.RawMessage `json:"meta"`    // as it was asked for
	CreatedAt time.Time       `json:"created_at"`

	State State `json:"-"`

	revision int64
}

// A State is how far an order is. It is that of its key, and stored nowhere else.
type State string

// The states, as callers see them.
const (
	Pending State = "PENDING" // the key is being made, or its making will be given up
	Active  State = "ACTIVE"  // the key was made
	Failed  State = "ERROR"
)

// ErrNotFound is the answer for absent orders and for those that are not the caller's
// to see.
var ErrNotFound = problem.New(problem.NotFound, "Order not found.")

// schema is the version of the documents that this code writes.
const schema = 1

// errNewer is what a reader answers that meets an order from the future.
var errNewer = problem.New(problem.Unavailable, "This record was written by a newer version of the service. Try again later.")

// A Service keeps orders in the table of the keys that they have made.
type Service struct {
	Keys *key.Service
}

// maxText is the room, in bytes, that somebody's text gets in a key of the table.
const maxText = 256

func place(id string) table.Key {
	return table.Key{Partition: "order#" + table.Text(id, maxText), Sort: "order"}
}

// entry is the order's place in its project's list, which is by the time of making.
func (o *Order) entry() table.Key {
	return table.Key{
		Partition: listPartition(o.Owner),
		Sort:      o.CreatedAt.UTC().Format("20060102T150405.000000") + "#" + table.Text(o.ID, maxText),
	}
}

func listPartition(owner string) string {
	return "list#orders#" + table.Text(owner, maxText) + "#created#0"
}

// Place has a key made. The order and the key's record are one transaction, before
// there is a secret: whatever fails, the order tells of the key.
//
// Errors: the vault's and the table's.
func (s Service) Place(ctx context.Context, g policy.Grant, n key.New, meta json.RawMessage) (*Order, error) {
	if err := g.Permits(policy.OrdersPost); err != nil {
		return nil, err
	}
	n.ID, n.Value = s.Keys.NewID(), make([]byte, n.Metadata.BitLength/8)
	_, _ = rand.Read(n.Value) // it never fails
	o := &Order{
		ID: s.Keys.NewID(), Owner: n.Owner, Creator: n.Creator, Key: n.ID, Meta: meta,
		CreatedAt: s.Keys.Now().UTC().Truncate(time.Microsecond),
	}
	body, err := json.Marshal(o)
	if err != nil {
		return nil, fmt.Errorf("writing order %s: %w", o.ID, err)
	}
	n.Beside = []table.Write{
		{Kind: table.Put, Key: place(o.ID), Schema: schema, Body: body, If: table.IfAbsent()},
		{Kind: table.Put, Key: o.entry(), Schema: schema, Body: strconv.AppendQuote(nil, o.ID), If: table.IfAbsent()},
	}
	_, err = s.Keys.Create(ctx, n)
	return o, err
}

// Find returns the order with the id, whoever asks.
//
// Errors: ErrNotFound, for an id too that is no UUID; the table's.
func (s Service) Find(ctx context.Context, id string) (*Order, error) {
	id, ok := key.UUID(id)
	if !ok {
		return nil, ErrNotFound
	}
	items, err := s.Keys.Table.Get(ctx, place(id))
	if err != nil {
		return nil, fmt.Errorf("reading order %s: %w", id, err)
	}
	o, err := decode(items[0])
	if err != nil {
		return nil, err
	}
	if o == nil {
		return nil, ErrNotFound
	}
	r, err := s.Keys.Find(ctx, o.Key)
	if err != nil {
		return nil, err
	}
	o.State = stateOf(r)
	return o, nil
}

func decode(item *table.Item) (*Order, error) {
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

// stateOf is the state of an order whose key's record is r, which may be nil.
func stateOf(r *key.Record) State {
	if r == nil {
		return Failed
	}
	switch r.State {
	case key.Creating:
		return Pending
	case key.Abandoned, key.External:
		return Failed
	}
	return Active
}

// Cancel removes the order, and nothing of what it made.
//
// Errors: key.Changed when it is not as it was read; the table's.
func (s Service) Cancel(ctx context.Context, g policy.Grant, o *Order) error {
	if err := g.Permits(policy.OrderDelete); err != nil {
		return err
	}
	outcome, err := s.Keys.Table.Transact(ctx,
		table.Write{Kind: table.Delete, Key: place(o.ID), If: table.IfRevision(o.revision)},
		table.Write{Kind: table.Delete, Key: o.entry(), If: table.IfPresent()},
	)
	switch {
	case err != nil:
		return fmt.Errorf("removing order %s: %w", o.ID, err)
	case !outcome.OK():
		return key.ErrChanged
	}
	return nil
}
