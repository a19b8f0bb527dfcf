// Package table is the metadata port: what DynamoDB's base table gives, and no
// more. Everything that matters is one set of code above it, the same on every
// adapter. Adapters live in the folders below and pass tabletest.Run.
package table

import (
	"context"
	"strings"
	"time"

	"github.com/gander-images/gander/shared/problem"
)

// Limits of DynamoDB, which every adapter enforces alike.
//
// Source: Amazon DynamoDB Developer Guide, "Quotas" and "Constraints".
const (
	MaxWrites         = 100       // writes in one Transact
	MaxTransactBytes  = 4 << 20   // bytes of all items in one Transact
	MaxItemBytes      = 400 << 10 // bytes of one item, keys and attribute names included
	MaxPartitionBytes = 2048      // bytes of Key.Partition
	MaxSortBytes      = 1024      // bytes of Key.Sort
	MaxPageBytes      = 1 << 20   // bytes of items read for one Query page
)

// Errors that adapters share. Compare with errors.Is.
var (
	// ErrInvalid marks a call that breaks the port's rules: an empty or overlong
	// key, no condition, the same item twice, too many writes. A defect of ours.
	ErrInvalid = errNew(problem.Internal, "table: invalid call")

	// ErrItemTooLarge marks an item or a transaction beyond the limits above.
	// Nothing was written.
	ErrItemTooLarge = errNew(problem.TooLarge, "The record would be larger than the 400 KB that the metadata store can hold.")

	// ErrUnknown says that the adapter could not find out whether the writes
	// happened. Read back before trying again.
	ErrUnknown = errNew(problem.Unavailable, "The metadata store did not answer. The change may or may not have been made.")

	// ErrBusy says that nothing was written, because the engine is throttling,
	// in conflict or out of reach. Adapters return it only after retries of
	// their own, with jitter, until the context's deadline or for five seconds.
	ErrBusy = errNew(problem.Unavailable, "The metadata store is busy. Try again.")

	// ErrUnusable says that nothing was written, because there is no such table
	// or the engine does not let us in. Trying again does not help; somebody has
	// to put the settings or the grants right.
	ErrUnusable = errNew(problem.Unavailable, "The metadata store cannot be used.")

	// ErrFull says that nothing was written, because there is no room left.
	ErrFull = errNew(problem.Unavailable, "The metadata store has no room left.")
)

func errNew(code problem.Code, message string) error { return problem.New(code, "%s", message) }

// A Key names one item: all items of a partition lie in the byte order of Sort.
// Both parts are valid UTF-8 and not empty. A part that holds somebody's text
// is made by Text.
type Key struct {
	Partition string
	Sort      string
}

// An Item is what the table holds under a key.
type Item struct {
	Key

	// Revision is kept by the table: 1 when the item is made, one more with each
	// write that touches it. An item that was deleted and made anew starts at 1.
	Revision int64

	// Schema says which version of its document the writer knew.
	Schema int

	// Body is the item's document, JSON. The table does not look inside.
	Body []byte

	// Counters are whole numbers that writes change by adding. A counter that
	// was never added to is 0 and absent here.
	Counters map[string]int64
}

// A Query reads one partition in the order of its sort keys.
type Query struct {
	Partition string
	Prefix    string // only sort keys that begin with it; empty: all
	After     string // exclusive position to start from, which need not exist; empty: the end of the range
	Backward  bool   // from the highest sort key down
	Limit     int    // most items to return; at least 1
}

// Empty reports whether no item can lie in the range, because After is beyond all
// that begin with Prefix. Adapters answer such a query without asking.
func (q Query) Empty() bool {
	return !strings.HasPrefix(q.After, q.Prefix) && q.After != "" && (q.After < q.Prefix) == q.Backward
}

// A Page is the answer to a Query. It may hold fewer items than Limit, even
// none, while More is true: a page also ends at MaxPageBytes. Continue with
// After set to Last.
type Page struct {
	Items []Item
	Last  string // sort key up to which was read; set when More is true
	More  bool   // false: the range holds nothing further
}

// A Kind is what a Write does.
type Kind int

// The kinds of write.
const (
	Put    Kind = iota + 1 // set Body and Schema, add to Counters
	Add                    // add to Counters alone; Body stays; makes the item if it is absent
	Delete                 // remove the item
	Check                  // change nothing, hold the condition
)

// A Write is one step of a transaction. It happens only if its condition holds,
// and then together with all others.
type Write struct {
	Kind     Kind
	Key      Key
	Schema   int              // Put
	Body     []byte           // Put; nil stores an empty document
	Counters map[string]int64 // Put and Add: what to add to each counter; existing ones not named stay
	If       Condition
}

// A Condition must hold for a Write to happen. The zero Condition is refused
// for Put, Delete and Check, so that a blind overwrite cannot be written down;
// Add takes it as "whatever is there".
type Condition struct {
	require  require
	revision int64
	bounds   []Bound
}

type require int

const (
	whatever require = iota
	absent
	present
	revision
	within
)

// A Bound holds a counter inside [Min, Max] after the write's own addition.
// An absent counter counts as 0.
type Bound struct {
	Counter  string
	Min, Max int64
}

// IfAbsent holds when there is no item under the key.
func IfAbsent() Condition { return Condition{require: absent} }

// IfPresent holds when there is an item under the key.
func IfPresent() Condition { return Condition{require: present} }

// IfRevision holds when the item is there with exactly this revision.
func IfRevision(n int64) Condition { return Condition{require: revision, revision: n} }

// IfWithin holds when the counter, with the write's addition, lies inside
// [low, high]. The item need not exist. Chain Within for further counters.
func IfWithin(counter string, low, high int64) Condition {
	return Condition{require: within}.Within(counter, low, high)
}

// Within returns the condition c with a further bound. It may follow any of
// the constructors.
func (c Condition) Within(counter string, low, high int64) Condition {
	bounds := make([]Bound, 0, len(c.bounds)+1)
	c.bounds = append(append(bounds, c.bounds...), Bound{Counter: counter, Min: low, Max: high})
	return c
}

// WantsAbsent reports whether the condition needs that there is no item. It and
// the methods below let an adapter read a condition.
func (c Condition) WantsAbsent() bool { return c.require == absent }

// WantsPresent reports whether the condition needs an item under the key, as
// IfRevision does, too.
func (c Condition) WantsPresent() bool { return c.require == present || c.require == revision }

// WantedRevision returns the revision that IfRevision asked for.
func (c Condition) WantedRevision() (n int64, wanted bool) {
	return c.revision, c.require == revision
}

// Bounds returns the counter bounds of the condition, in the order given.
func (c Condition) Bounds() []Bound { return c.bounds }

// Zero reports whether the condition asks for nothing at all.
func (c Condition) Zero() bool { return c.require == whatever && len(c.bounds) == 0 }

// An Outcome tells which conditions of a Transact failed. With none, all its
// writes happened; with any, none did.
type Outcome struct {
	Failed []Failed // in the order of the writes
}

// OK reports whether the writes happened.
func (o Outcome) OK() bool { return len(o.Failed) == 0 }

// FailedAt returns the failure of the i-th write, if its condition failed.
func (o Outcome) FailedAt(i int) (Failed, bool) {
	for _, f := range o.Failed {
		if f.Index == i {
			return f, true
		}
	}
	return Failed{}, false
}

// Failed is one condition that did not hold.
type Failed struct {
	Index int   // which write
	Item  *Item // the item as it stands; nil where there is none
}

// A Change is one item before and after a transaction touched it. Old is nil
// for a new item, New is nil for a deleted one. A write that changes nothing
// may or may not make a change.
type Change struct {
	Sequence string // ordered as text among the changes of one item; unique
	Old, New *Item
}

// Key returns the key of the item that changed.
func (c Change) Key() Key {
	if c.New != nil {
		return c.New.Key
	}
	return c.Old.Key
}

// A Handler takes changes from a feed and returns how many of them, from the
// first on, are done with. Those that are not are delivered again.
type Handler func(ctx context.Context, changes []Change) (done int, err error)

// A Table keeps items. Every implementation passes tabletest.Run, and may be
// used from any number of goroutines. Items that go in or come out belong to
// the caller; nobody changes a Body in place.
//
// The adapter alone repeats what an engine throttled, found in conflict or left
// unanswered: as often as fits, with pauses that grow and are random, until the
// context's deadline or for five seconds. A repeated Transact cannot happen
// twice. Whoever calls a Table may therefore take its error as the last word,
// and never repeats a call but to settle ErrUnknown.
type Table interface {
	// Get returns an item for each key, in their order, nil where there is none.
	// Each item is as of the last completed Transact, never older; together they
	// are not a snapshot. Any number of keys, repeated ones too.
	Get(ctx context.Context, keys ...Key) ([]*Item, error)

	// Query returns items of one partition, each as of the last completed
	// Transact. It is no proof that an item between two pages is absent.
	Query(ctx context.Context, q Query) (Page, error)

	// Transact makes all writes or none, each under its condition. A failed
	// condition is no error: it is told in the Outcome, with the item as it
	// stands. One to MaxWrites writes, each item at most once.
	//
	// Errors: ErrInvalid, ErrItemTooLarge, ErrBusy, ErrFull and ErrUnusable:
	// nothing happened. ErrUnknown, and every other error: the writes may have
	// happened or not; read back before trying again.
	Transact(ctx context.Context, writes ...Write) (Outcome, error)
}

// A Feed delivers what changed in a table, at least once, in order for each
// item, in any order between items.
type Feed interface {
	// Changes delivers to handle every change since the consumer's position,
	// and waits for more, until ctx ends or handle fails; then it returns that
	// error (nil when ctx ended). The position is durable and moves after handle
	// returns: what was handled but not yet noted is delivered again after a
	// crash. A consumer that is new starts with the oldest change still kept.
	// One Changes at a time for each consumer.
	Changes(ctx context.Context, consumer string, handle Handler) error
}

// A Position is how far a consumer has come in a feed.
type Position struct {
	Sequence string    // of the last change that it is done with; empty before the first
	Behind   int64     // changes that follow it
	Oldest   time.Time // when the first of those happened; zero where there is none
}

// A Positioner is a feed that knows how far its consumers are.
type Positioner interface {
	// Position tells of a consumer; the zero Sequence where it never came.
	Position(ctx context.Context, consumer string) (Position, error)
}
