package memory

import (
	"context"
	"fmt"
	"hash/maphash"
	"maps"
	"math"
	"slices"

	"github.com/gander-images/gander/shared/table"
)

// A step is one write with the entry that it met, and the one that it leaves.
type step struct {
	write       *table.Write
	before, now *entry // nil: none
}

// Transact implements table.Table.
func (t *Table) Transact(ctx context.Context, writes ...table.Write) (table.Outcome, error) {
	if err := ready(ctx); err != nil {
		return table.Outcome{}, err
	}
	if err := table.Validate(writes); err != nil {
		return table.Outcome{}, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	var outcome table.Outcome
	var units table.Units
	var tooLarge error
	steps := make([]step, len(writes))
	for i := range writes {
		s := step{write: &writes[i], before: t.find(writes[i].Key)}
		if !s.holds() {
			outcome.Failed = append(outcome.Failed, s.failed(i))
		}
		cost, err := s.take()
		units = units.Add(cost)
		if tooLarge == nil {
			tooLarge = err
		}
		steps[i] = s
	}
	table.Report(ctx, units)
	if !outcome.OK() {
		return outcome, nil
	}
	if tooLarge != nil {
		return table.Outcome{}, tooLarge
	}
	for i := range steps {
		t.apply(&steps[i])
	}
	t.feeds.announce()
	return outcome, nil
}

func (s *step) holds() bool {
	c, there := s.write.If, s.before != nil
	if c.WantsAbsent() && there || c.WantsPresent() && !there {
		return false
	}
	if n, wanted := c.WantedRevision(); wanted && n != s.before.item.Revision {
		return false
	}
	for _, b := range c.Bounds() {
		if n := s.counter(b.Counter) + s.write.Counters[b.Counter]; n < b.Min || n > b.Max || s.overflows(b.Counter) {
			return false
		}
	}
	return true
}

func (s *step) counter(name string) int64 {
	if s.before == nil {
		return 0
	}
	return s.before.item.Counters[name]
}

// overflows reports whether the addition leaves the whole numbers of 64 bits.
func (s *step) overflows(name string) bool {
	n, add := s.counter(name), s.write.Counters[name]
	return add > 0 && n > math.MaxInt64-add || add < 0 && n < math.MinInt64-add
}

func (s *step) failed(index int) table.Failed {
	f := table.Failed{Index: index}
	if s.before != nil {
		f.Item = s.before.copy()
	}
	return f
}

// take works out what the write leaves and costs, and refuses an item that the table
// could not hold.
func (s *step) take() (table.Units, error) {
	size := 0
	if s.before != nil {
		size = s.before.item.Size()
	}
	if s.write.Kind == table.Delete || s.write.Kind == table.Check {
		if s.write.Kind == table.Check {
			s.now = s.before
		}
		return table.WriteUnits(size), nil
	}
	for name := range s.write.Counters {
		if s.overflows(name) {
			return table.WriteUnits(size), fmt.Errorf("%w: counter %s beyond 64 bits", table.ErrInvalid, name)
		}
	}
	s.now = s.next()
	after := s.now.item.Size()
	if after > table.MaxItemBytes {
		return table.WriteUnits(after), fmt.Errorf("%w: %q %q would have %d bytes", table.ErrItemTooLarge, s.write.Key.Partition, s.write.Key.Sort, after)
	}
	return table.WriteUnits(max(size, after)), nil
}

// next is the entry that a Put or an Add leaves.
func (s *step) next() *entry {
	e := &entry{item: table.Item{Key: s.write.Key, Revision: 1}}
	if s.before != nil {
		old := &s.before.item
		e.item.Revision, e.item.Schema, e.item.Body = old.Revision+1, old.Schema, old.Body
		e.item.Counters = old.Counters
	}
	if s.write.Kind == table.Put {
		e.item.Schema, e.item.Body = s.write.Schema, slices.Clone(s.write.Body)
	}
	if len(s.write.Counters) > 0 {
		e.item.Counters = maps.Clone(e.item.Counters)
		if e.item.Counters == nil {
			e.item.Counters = make(map[string]int64, len(s.write.Counters))
		}
		for name, n := range s.write.Counters {
			e.item.Counters[name] += n
		}
	}
	e.hash = hashOf(&e.item)
	return e
}

// apply makes a write whose condition held.
func (t *Table) apply(s *step) {
	if s.now == s.before {
		return // a Check, or nothing to delete
	}
	p := t.own(s.write.Key.Partition)
	at, there := p.search(s.write.Key.Sort)
	switch {
	case s.now == nil:
		p.entries = slices.Delete(p.entries, at, at+1)
	case there:
		p.entries[at] = s.now
	default:
		p.entries = slices.Insert(p.entries, at, s.now)
	}
	c := table.Change{Sequence: sequence(t.first + len(t.changes))}
	if s.before != nil {
		t.hash ^= s.before.hash
		c.Old = &s.before.item
	}
	if s.now != nil {
		t.hash ^= s.now.hash
		c.New = &s.now.item
	}
	t.changes = append(t.changes, c)
}

// own returns a partition that may be changed in place.
func (t *Table) own(name string) *partition {
	p := t.partitions[name]
	if p != nil && p.owner == t.mark {
		return p
	}
	next := &partition{owner: t.mark}
	if p != nil {
		next.entries = slices.Clone(p.entries)
	}
	t.partitions[name] = next
	return next
}

// copy makes the caller's own item.
func (e *entry) copy() *table.Item {
	item := e.item
	item.Body = append(make([]byte, 0, len(e.item.Body)), e.item.Body...)
	item.Counters = maps.Clone(e.item.Counters)
	return &item
}

var seed = maphash.MakeSeed()

func hashOf(item *table.Item) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	for _, text := range []string{item.Partition, item.Sort} {
		_, _ = h.WriteString(text)
		_ = h.WriteByte(0xff) // never a part of UTF-8
	}
	writeNumber(&h, item.Revision)
	writeNumber(&h, int64(item.Schema))
	_, _ = h.Write(item.Body)
	for _, name := range slices.Sorted(maps.Keys(item.Counters)) {
		_, _ = h.WriteString(name)
		_ = h.WriteByte(0xff)
		writeNumber(&h, item.Counters[name])
	}
	return h.Sum64()
}

func writeNumber(h *maphash.Hash, n int64) {
	var b [8]byte
	for i := range b {
		b[i] = byte(n >> (8 * i)) //nolint:gosec // one byte after the other
	}
	_, _ = h.Write(b[:])
}
