package bolt

import (
	"fmt"
	"math"

	"go.etcd.io/bbolt"

	"github.com/gander-images/gander/shared/table"
)

// A batch is one group on its way into one bbolt transaction.
type batch struct {
	tx        *bbolt.Tx
	items     *bbolt.Bucket
	changes   *bbolt.Bucket
	now       int64 // Unix milliseconds
	changed   int   // items changed so far
	feedBytes int64 // what the changes of this batch take
	steps     []step
}

func newBatch(tx *bbolt.Tx, now int64) *batch {
	b := &batch{tx: tx, items: tx.Bucket(itemBucket), changes: tx.Bucket(changeBucket), now: now}
	b.changes.FillPercent = 0.95 // written at the end alone
	return b
}

// A step is one write with what it met.
type step struct {
	write    *table.Write
	key      []byte
	oldValue []byte // nil: there is no item
	old      record
	counters []counter // as they will be
}

// apply makes the writes of a request or, if a condition fails or an item
// would be too large, none. That much is told in the request; an error
// means that the whole batch is spoilt.
func (b *batch) apply(r *request) error {
	r.reset()
	b.steps = b.steps[:0]
	for i := range r.writes {
		s, err := b.meet(&r.writes[i])
		if err != nil {
			return err
		}
		b.steps = append(b.steps, s)
		if !s.holds() {
			r.outcome.Failed = append(r.outcome.Failed, s.failed(i))
		}
	}
	tooMuch := b.measure(r)
	if !r.outcome.OK() {
		return nil
	}
	if r.err = tooMuch; tooMuch != nil {
		return nil //nolint:nilerr // told in the request
	}
	for i := range b.steps {
		if err := b.write(&b.steps[i]); err != nil {
			return err
		}
	}
	return nil
}

// measure adds up what a request costs, and returns the first refusal of an
// item that the table could not hold.
func (b *batch) measure(r *request) (refusal error) {
	for i := range b.steps {
		units, err := b.steps[i].measure()
		r.units = r.units.Add(units)
		if refusal == nil {
			refusal = err
		}
	}
	return refusal
}

// meet reads the item of a write.
func (b *batch) meet(w *table.Write) (step, error) {
	s := step{write: w, key: itemKey(w.Key)}
	s.oldValue = b.items.Get(s.key)
	if s.oldValue != nil {
		var err error
		if s.old, err = decode(s.oldValue); err != nil {
			return step{}, fmt.Errorf("reading %q %q: %w", w.Key.Partition, w.Key.Sort, err)
		}
	}
	s.counters = s.old.plus(w.Counters)
	return s, nil
}

func (s *step) holds() bool {
	c, there := s.write.If, s.oldValue != nil
	if c.WantsAbsent() && there || c.WantsPresent() && !there {
		return false
	}
	if n, wanted := c.WantedRevision(); wanted && n != s.old.revision {
		return false
	}
	after := record{counters: s.counters}
	for _, bound := range c.Bounds() {
		if n := after.counter(bound.Counter); n < bound.Min || n > bound.Max || s.overflows(bound.Counter) {
			return false
		}
	}
	return true
}

// overflows reports whether the addition leaves the whole numbers of 64 bits.
func (s *step) overflows(name string) bool {
	n, add := s.old.counter(name), s.write.Counters[name]
	return add > 0 && n > math.MaxInt64-add || add < 0 && n < math.MinInt64-add
}

func (s *step) failed(index int) table.Failed {
	f := table.Failed{Index: index}
	if s.oldValue != nil {
		f.Item = s.old.item(s.write.Key)
	}
	return f
}

// next is the item after the write.
func (s *step) next() record {
	n := record{revision: s.old.revision + 1, counters: s.counters}
	if s.write.Kind == table.Put {
		n.schema, n.body = s.write.Schema, s.write.Body
	} else {
		n.schema, n.body = s.old.schema, s.old.body
	}
	return n
}

func (s *step) makesItem() bool { return s.write.Kind == table.Put || s.write.Kind == table.Add }

// measure returns what the write costs, and refuses an item that the table
// could not hold.
func (s *step) measure() (table.Units, error) {
	size := 0
	if s.oldValue != nil {
		size = s.old.size(s.write.Key)
	}
	if !s.makesItem() {
		return table.WriteUnits(size), nil
	}
	next := s.next()
	after := next.size(s.write.Key)
	units := table.WriteUnits(max(size, after))
	if after > table.MaxItemBytes {
		return units, fmt.Errorf("%w: %q %q would have %d bytes", table.ErrItemTooLarge, s.write.Key.Partition, s.write.Key.Sort, after)
	}
	for name := range s.write.Counters {
		if s.overflows(name) {
			return units, fmt.Errorf("%w: counter %s beyond 64 bits", table.ErrInvalid, name)
		}
	}
	return units, nil
}

func (b *batch) write(s *step) error {
	var value []byte
	switch {
	case s.makesItem():
		next := s.next()
		value = next.append(make([]byte, 0, next.encodedSize()))
	case s.write.Kind == table.Check || s.oldValue == nil:
		return nil
	}
	if err := b.record(s, value); err != nil {
		return err
	}
	if value == nil {
		return b.items.Delete(s.key)
	}
	return b.items.Put(s.key, value)
}
