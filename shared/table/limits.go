package table

import (
	"fmt"
	"math/bits"
	"unicode/utf8"
)

// Attribute names of an item in DynamoDB. They count towards its size, so they
// are short, and fixed here for every adapter that measures one.
const (
	AttrPartition = "pk"  // string
	AttrSort      = "sk"  // string
	AttrRevision  = "rev" // number
	AttrSchema    = "v"   // number
	AttrBody      = "d"   // binary
	AttrCounter   = "c_"  // number; the counter's name follows
)

// Limits of our own, so that one write's expressions stay within DynamoDB's 4 KB.
const (
	MaxCounters         = 32  // counters and bounds of one Write, together
	MaxCounterNameBytes = 100 // bytes of a counter's name
)

// Size returns the bytes that DynamoDB counts for the item: attribute names and
// values.
//
// Source: Amazon DynamoDB Developer Guide, "DynamoDB item sizes and formats".
func (i *Item) Size() int {
	n := SizeWithoutCounters(i.Key, i.Revision, i.Schema, len(i.Body))
	for name, value := range i.Counters {
		n += CounterSize(name, value)
	}
	return n
}

// SizeWithoutCounters is Size for an adapter that has the parts of an item.
func SizeWithoutCounters(key Key, revision int64, schema, bodyBytes int) int {
	return len(AttrPartition) + len(key.Partition) + len(AttrSort) + len(key.Sort) +
		len(AttrRevision) + numberSize(revision) + len(AttrSchema) + numberSize(int64(schema)) +
		len(AttrBody) + bodyBytes
}

// CounterSize returns what one counter adds to the size of its item.
func CounterSize(name string, value int64) int {
	return len(AttrCounter) + len(name) + numberSize(value)
}

// numberSize is DynamoDB's size of a number: a byte for every two digits, one
// more, and one for a minus. DynamoDB leaves out trailing zeros; here they
// count, so that an item this accepts is never too large there.
func numberSize(n int64) int {
	size, u := 1, uint64(n)
	if n < 0 {
		size, u = 2, -uint64(n)
	}
	return size + (decimalDigits(u)+1)/2
}

// decimalDigits counts the digits of u; it may count one too many.
func decimalDigits(u uint64) int { return bits.Len64(u)*1233>>12 + 1 }

// Validate checks all of a Transact that can be seen without reading the table.
// Adapters call it first, so that their errors are equal: ErrInvalid, or
// ErrItemTooLarge for an item or a transaction that is too large already. The
// size of the resulting item, with the counters that are there, is the
// adapter's to check.
func Validate(writes []Write) error {
	if len(writes) == 0 || len(writes) > MaxWrites {
		return invalid("%d writes in one transaction, want 1 to %d", len(writes), MaxWrites)
	}
	for i := range writes {
		if err := validateWrite(&writes[i]); err != nil {
			return fmt.Errorf("%w (write %d)", err, i)
		}
	}
	if i, twice := repeated(writes); twice {
		return invalid("%q %q twice in one transaction", writes[i].Key.Partition, writes[i].Key.Sort)
	}
	return validateSizes(writes)
}

// ValidateKeys checks the keys of a Get.
func ValidateKeys(keys []Key) error {
	for _, k := range keys {
		if err := validateKey(k); err != nil {
			return err
		}
	}
	return nil
}

// ValidateQuery checks a Query.
func ValidateQuery(q Query) error {
	if err := validatePart("partition", q.Partition, MaxPartitionBytes); err != nil {
		return err
	}
	if q.Limit < 1 {
		return invalid("query limit %d", q.Limit)
	}
	if err := validateText("prefix", q.Prefix, MaxSortBytes); err != nil {
		return err
	}
	return validateText("position", q.After, MaxSortBytes)
}

func validateWrite(w *Write) error {
	if err := validateKey(w.Key); err != nil {
		return err
	}
	switch w.Kind {
	case Put:
	case Add:
		if len(w.Body) > 0 || w.Schema != 0 {
			return invalid("an Add with a body or a schema")
		}
	case Delete, Check:
		if len(w.Body) > 0 || w.Schema != 0 || len(w.Counters) > 0 {
			return invalid("a Delete or Check with a body, a schema or counters")
		}
	default:
		return invalid("unknown kind of write %d", w.Kind)
	}
	if w.If.Zero() && w.Kind != Add {
		return invalid("a write without a condition")
	}
	if w.Schema < 0 {
		return invalid("schema %d", w.Schema)
	}
	return validateCounters(w)
}

func validateCounters(w *Write) error {
	if n := len(w.Counters) + len(w.If.bounds); n > MaxCounters {
		return invalid("%d counters and bounds in one write", n)
	}
	for name := range w.Counters {
		if err := validatePart("counter", name, MaxCounterNameBytes); err != nil {
			return err
		}
	}
	for _, b := range w.If.bounds {
		if err := validatePart("counter", b.Counter, MaxCounterNameBytes); err != nil {
			return err
		}
	}
	return nil
}

// repeated looks for a key that two writes share.
func repeated(writes []Write) (second int, found bool) {
	if len(writes) <= 8 {
		for i := range writes {
			for j := range i {
				if writes[i].Key == writes[j].Key {
					return i, true
				}
			}
		}
		return 0, false
	}
	seen := make(map[Key]struct{}, len(writes))
	for i := range writes {
		if _, ok := seen[writes[i].Key]; ok {
			return i, true
		}
		seen[writes[i].Key] = struct{}{}
	}
	return 0, false
}

func validateSizes(writes []Write) error {
	total := 0
	for i := range writes {
		w := &writes[i]
		size := SizeWithoutCounters(w.Key, 1, w.Schema, len(w.Body))
		for name, n := range w.Counters {
			size += CounterSize(name, n)
		}
		if size > MaxItemBytes {
			return fmt.Errorf("%w: %q %q has %d bytes", ErrItemTooLarge, w.Key.Partition, w.Key.Sort, size)
		}
		total += size
	}
	if total > MaxTransactBytes {
		return fmt.Errorf("%w: %d bytes in one transaction", ErrItemTooLarge, total)
	}
	return nil
}

func validateKey(k Key) error {
	if err := validatePart("partition", k.Partition, MaxPartitionBytes); err != nil {
		return err
	}
	return validatePart("sort", k.Sort, MaxSortBytes)
}

func validatePart(what, s string, most int) error {
	if s == "" {
		return invalid("an empty %s", what)
	}
	return validateText(what, s, most)
}

func validateText(what, s string, most int) error {
	if len(s) > most {
		return invalid("a %s of %d bytes, at most %d", what, len(s), most)
	}
	if !utf8.ValidString(s) {
		return invalid("a %s that is not UTF-8: %q", what, s)
	}
	return nil
}

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrInvalid, fmt.Sprintf(format, args...))
}
