package table

import (
	"context"
	"sync"
	"sync/atomic"
)

// Use is what some calls of a table came to.
type Use struct {
	Gets         int64 // calls of Get
	Items        int64 // items asked for by them
	Queries      int64
	Transactions int64 // calls of Transact
	Writes       int64 // writes and checks in them
	Refused      int64 // transactions that a condition kept from happening
	Errors       int64 // calls that ended in an error
	Units              // what DynamoDB charges for all that
}

// Reads counts the reads that design figures speak of: each item of a Get, and
// each Query.
func (u Use) Reads() int64 { return u.Items + u.Queries }

// Add returns the sum of u and v.
func (u Use) Add(v Use) Use {
	return Use{
		Gets: u.Gets + v.Gets, Items: u.Items + v.Items, Queries: u.Queries + v.Queries,
		Transactions: u.Transactions + v.Transactions, Writes: u.Writes + v.Writes,
		Refused: u.Refused + v.Refused, Errors: u.Errors + v.Errors, Units: u.Units.Add(v.Units),
	}
}

// A Meter is a table that counts its use, by the operation that the context
// names. It may be used from any number of goroutines.
type Meter struct {
	table      Table
	operations sync.Map // name: *use
}

// NewMeter wraps a table. Units are counted where the table reports them.
func NewMeter(t Table) *Meter { return &Meter{table: t} }

type operationKey struct{}

// WithOperation names the operation that table calls with this context are
// made for. Names come from a small set: each is counted apart for ever.
func WithOperation(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, operationKey{}, name)
}

type use struct {
	gets, items, queries, transactions, writes, refused, errors, read, write atomic.Int64
}

// Snapshot returns the use of each operation since the last Reset. Calls
// without an operation are counted under "".
func (m *Meter) Snapshot() map[string]Use {
	all := map[string]Use{}
	m.operations.Range(func(name, u any) bool {
		all[name.(string)] = u.(*use).load()
		return true
	})
	return all
}

// Of returns the use of one operation.
func (m *Meter) Of(operation string) Use {
	if u, ok := m.operations.Load(operation); ok {
		return u.(*use).load()
	}
	return Use{}
}

// Total returns the use of all operations together.
func (m *Meter) Total() Use {
	var total Use
	for _, u := range m.Snapshot() {
		total = total.Add(u)
	}
	return total
}

// Reset starts all counts anew. A call that is under way may be counted before
// or after.
func (m *Meter) Reset() { m.operations.Clear() }

// Get implements Table.
func (m *Meter) Get(ctx context.Context, keys ...Key) ([]*Item, error) {
	ctx, c := m.begin(ctx)
	items, err := m.table.Get(ctx, keys...)
	c.gets.Add(1)
	c.items.Add(int64(len(keys)))
	c.end(err)
	return items, err
}

// Query implements Table.
func (m *Meter) Query(ctx context.Context, q Query) (Page, error) {
	ctx, c := m.begin(ctx)
	page, err := m.table.Query(ctx, q)
	c.queries.Add(1)
	c.end(err)
	return page, err
}

// Transact implements Table.
func (m *Meter) Transact(ctx context.Context, writes ...Write) (Outcome, error) {
	ctx, c := m.begin(ctx)
	outcome, err := m.table.Transact(ctx, writes...)
	c.transactions.Add(1)
	c.writes.Add(int64(len(writes)))
	if !outcome.OK() {
		c.refused.Add(1)
	}
	c.end(err)
	return outcome, err
}

// A call is one call on its way: where it counts, and what it cost so far.
type call struct {
	*use
	units *Units
}

func (m *Meter) begin(ctx context.Context) (context.Context, call) {
	name, _ := ctx.Value(operationKey{}).(string)
	counted, ok := m.operations.Load(name)
	if !ok {
		counted, _ = m.operations.LoadOrStore(name, &use{})
	}
	c := call{use: counted.(*use), units: &Units{}}
	return context.WithValue(ctx, unitsKey{}, c.units), c
}

func (c call) end(err error) {
	if err != nil {
		c.errors.Add(1)
	}
	c.read.Add(c.units.Read)
	c.write.Add(c.units.Write)
}

func (u *use) load() Use {
	return Use{
		Gets: u.gets.Load(), Items: u.items.Load(), Queries: u.queries.Load(),
		Transactions: u.transactions.Load(), Writes: u.writes.Load(),
		Refused: u.refused.Load(), Errors: u.errors.Load(),
		Units: Units{Read: u.read.Load(), Write: u.write.Load()},
	}
}
