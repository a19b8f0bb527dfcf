package bolt

import (
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/gander-images/gander/shared/table"
)

// A record is an item as it lies in the file:
//
//	revision, schema, number of counters   (uvarint)
//	for each counter, in the order of names: length of name (uvarint), name, value (varint)
//	body to the end
type record struct {
	revision int64
	schema   int
	counters []counter
	body     []byte
}

type counter struct {
	name  string
	value int64
}

var errDamaged = errors.New("the table file holds a damaged entry")

// appendKey appends the key of an item in the file: the length of the
// partition, so that no two keys come out alike, then both parts. Within a
// partition keys lie in the order of their sort parts.
func appendKey(dst []byte, partition, sort string) []byte {
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(partition))) //nolint:gosec // at most 2,048
	dst = append(dst, partition...)
	return append(dst, sort...)
}

func itemKey(k table.Key) []byte {
	return appendKey(make([]byte, 0, 2+len(k.Partition)+len(k.Sort)), k.Partition, k.Sort)
}

// decode reads a record; its body is a part of v.
func decode(v []byte) (record, error) {
	r := reader{rest: v}
	rec := record{revision: int64(r.uvarint()), schema: int(r.uvarint())} //nolint:gosec // as written below
	if n := r.uvarint(); n > 0 && !r.bad {
		rec.counters = make([]counter, 0, min(n, table.MaxCounters*4))
		for ; n > 0 && !r.bad; n-- {
			name := string(r.bytes(r.uvarint()))
			rec.counters = append(rec.counters, counter{name, r.varint()})
		}
	}
	rec.body = r.rest
	if r.bad {
		return record{}, errDamaged
	}
	return rec, nil
}

func (r *record) encodedSize() int {
	n := 3*binary.MaxVarintLen64 + len(r.body)
	for _, c := range r.counters {
		n += 2*binary.MaxVarintLen64 + len(c.name)
	}
	return n
}

func (r *record) append(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(r.revision)) //nolint:gosec // 1 or more
	dst = binary.AppendUvarint(dst, uint64(r.schema))   //nolint:gosec // validated
	dst = binary.AppendUvarint(dst, uint64(len(r.counters)))
	for _, c := range r.counters {
		dst = binary.AppendUvarint(dst, uint64(len(c.name)))
		dst = append(dst, c.name...)
		dst = binary.AppendVarint(dst, c.value)
	}
	return append(dst, r.body...)
}

// item makes the caller's own copy.
func (r *record) item(key table.Key) *table.Item {
	it := &table.Item{Key: key, Revision: r.revision, Schema: r.schema, Body: append([]byte{}, r.body...)}
	if len(r.counters) > 0 {
		it.Counters = make(map[string]int64, len(r.counters))
		for _, c := range r.counters {
			it.Counters[c.name] = c.value
		}
	}
	return it
}

// size is the size of the item in DynamoDB.
func (r *record) size(key table.Key) int {
	n := table.SizeWithoutCounters(key, r.revision, r.schema, len(r.body))
	for _, c := range r.counters {
		n += table.CounterSize(c.name, c.value)
	}
	return n
}

func (r *record) counter(name string) int64 {
	if i, ok := r.find(name); ok {
		return r.counters[i].value
	}
	return 0
}

func (r *record) find(name string) (int, bool) {
	return slices.BinarySearchFunc(r.counters, name, func(c counter, name string) int { return strings.Compare(c.name, name) })
}

// plus returns the counters with the additions made; r's own stay.
func (r *record) plus(additions map[string]int64) []counter {
	if len(additions) == 0 {
		return r.counters
	}
	next := record{counters: slices.Grow(slices.Clone(r.counters), len(additions))}
	for _, name := range slices.Sorted(maps.Keys(additions)) {
		i, ok := next.find(name)
		if !ok {
			next.counters = slices.Insert(next.counters, i, counter{name: name})
		}
		next.counters[i].value += additions[name]
	}
	return next.counters
}

// A reader takes an encoded entry apart. After a fault everything it returns
// is zero, and bad is set.
type reader struct {
	rest []byte
	bad  bool
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.rest)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *reader) bytes(n uint64) []byte {
	if n > uint64(len(r.rest)) {
		r.fail()
		return nil
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}

func (r *reader) fail() { r.rest, r.bad = nil, true }
