package table_test

import (
	"errors"
	"math"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gander-images/gander/shared/problem"
	"github.com/gander-images/gander/shared/table"
)

func TestItemSize(t *testing.T) {
	key := table.Key{Partition: "image#1", Sort: "größe"}
	// pk 2+7, sk 2+7, rev 3+2, v 1+2, d 1+2
	item := table.Item{Key: key, Revision: 1, Schema: 1, Body: []byte("{}")}
	if got, want := item.Size(), 9+9+5+3+3; got != want {
		t.Errorf("size %d, want %d", got, want)
	}
	// c_members 9+2, c_debt 6 and 2 digits: 1, one more, and the minus
	item.Counters = map[string]int64{"members": 7, "debt": -12}
	if got, want := item.Size(), 29+11+9; got < want || got > want+1 {
		t.Errorf("with counters %d, want %d", got, want)
	}
}

// TestNumberSize holds the size of a number to DynamoDB's rule: never below
// it, so that nothing is accepted that DynamoDB refuses, and hardly above.
func TestNumberSize(t *testing.T) {
	check := func(n int64) (got, rule int) {
		digits := strings.TrimLeft(big.NewInt(n).String(), "-")
		rule = 1 + (len(digits)+1)/2
		if n < 0 {
			rule++
		}
		return table.CounterSize("n", n) - len("c_n"), rule
	}
	for _, n := range []int64{0, 1, 9, 10, 99, 100, math.MaxInt64, math.MinInt64, -1} {
		if got, rule := check(n); got < rule || got > rule+1 {
			t.Errorf("%d: %d bytes, want %d", n, got, rule)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64().Draw(t, "n")
		if got, rule := check(n); got < rule || got > rule+1 {
			t.Fatalf("%d: %d bytes, want %d", n, got, rule)
		}
	})
}

// TestValidateTellsCallers holds that the message of a full item may be read
// by the caller, and that of our own mistakes may not.
func TestValidateTellsCallers(t *testing.T) {
	tooLarge := table.Validate([]table.Write{{
		Kind: table.Put, Key: table.Key{Partition: "p", Sort: "s"}, Body: make([]byte, table.MaxItemBytes), If: table.IfAbsent(),
	}})
	if status, message := problem.Status(tooLarge); status != 413 || !strings.Contains(message, "400 KB") {
		t.Errorf("%d %q", status, message)
	}
	invalid := table.Validate(nil)
	if status, message := problem.Status(invalid); status != 500 || message != "" {
		t.Errorf("%d %q", status, message)
	}
	if !errors.Is(invalid, table.ErrInvalid) || !errors.Is(tooLarge, table.ErrItemTooLarge) {
		t.Errorf("%v, %v", invalid, tooLarge)
	}
}

func TestUnits(t *testing.T) {
	for bytes, want := range map[int]int64{0: 1, 1: 1, 4096: 1, 4097: 2, 8192: 2, 1 << 20: 256} {
		if got := table.ReadUnits(bytes); got != (table.Units{Read: want}) {
			t.Errorf("reading %d bytes: %+v, want %d", bytes, got, want)
		}
	}
	for bytes, want := range map[int]int64{0: 2, 1: 2, 1024: 2, 1025: 4, 2048: 4, 2049: 6} {
		if got := table.WriteUnits(bytes); got != (table.Units{Write: want}) {
			t.Errorf("writing %d bytes: %+v, want %d", bytes, got, want)
		}
	}
}
