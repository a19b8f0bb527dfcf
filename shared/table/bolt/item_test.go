package bolt

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/gander-images/gander/shared/table"
)

func drawRecord(t *rapid.T) record {
	r := record{
		revision: rapid.Int64Min(0).Draw(t, "revision"),
		schema:   rapid.IntMin(0).Draw(t, "schema"),
		body:     append([]byte{}, rapid.SliceOf(rapid.Byte()).Draw(t, "body")...),
	}
	r.counters = r.plus(rapid.MapOf(rapid.String(), rapid.Int64()).Draw(t, "counters"))
	return r
}

func TestRecordRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawRecord(t)
		value := want.append(nil)
		if len(value) > want.encodedSize() {
			t.Fatalf("%d bytes, more than the %d foreseen", len(value), want.encodedSize())
		}
		got, err := decode(value)
		if err != nil {
			t.Fatal(err)
		}
		key := table.Key{Partition: "p", Sort: "s"}
		if diff := cmp.Diff(want.item(key), got.item(key)); diff != "" {
			t.Fatal(diff)
		}
		if item := got.item(key); item.Size() != got.size(key) {
			t.Fatalf("sizes %d and %d", item.Size(), got.size(key))
		}
	})
}

// TestDamageIsNoPanic decodes what no writer wrote.
func TestDamageIsNoPanic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawRecord(t)
		value := r.append(nil)
		if rapid.Bool().Draw(t, "cut") {
			value = value[:rapid.IntRange(0, len(value)).Draw(t, "at")]
		} else {
			value[rapid.IntRange(0, len(value)-1).Draw(t, "at")] ^= rapid.Byte().Draw(t, "bits")
		}
		if _, err := decode(value); err != nil && !cmp.Equal(err.Error(), errDamaged.Error()) {
			t.Fatal(err)
		}
		_, _ = decodeChange(sequenceKey(1), value)
	})
}
