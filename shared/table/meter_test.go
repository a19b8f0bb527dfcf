package table_test

import (
	"context"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gander-images/gander/shared/table"
	"github.com/gander-images/gander/shared/table/bolt"
)

func newMeter(t *testing.T) *table.Meter {
	t.Helper()
	b, err := bolt.Open(filepath.Join(t.TempDir(), "table"), bolt.WithoutSync())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return table.NewMeter(b)
}

func kilobytes(n int) []byte { return []byte(strings.Repeat("x", n<<10)) }

func create(sort string, body []byte) table.Write {
	return table.Write{Kind: table.Put, Key: table.Key{Partition: "p", Sort: sort}, Body: body, If: table.IfAbsent()}
}

// TestMeterUnits compares with the rules of DynamoDB, worked out by hand: an
// item of n KB of body is a little over n KB.
func TestMeterUnits(t *testing.T) {
	m := newMeter(t)
	key := func(sort string) table.Key { return table.Key{Partition: "p", Sort: sort} }
	tests := []struct {
		name string
		call func(context.Context) error
		want table.Use
	}{
		{"create of 1+ KB and 2+ KB", func(ctx context.Context) error {
			_, err := m.Transact(ctx, create("1", kilobytes(1)), create("2", kilobytes(2)))
			return err
		}, table.Use{Transactions: 1, Writes: 2, Units: table.Units{Write: 2*2 + 2*3}}},
		{"refused create", func(ctx context.Context) error {
			_, err := m.Transact(ctx, create("1", kilobytes(1)))
			return err
		}, table.Use{Transactions: 1, Writes: 1, Refused: 1, Units: table.Units{Write: 4}}},
		{"item shrinks to nothing, check, delete of nothing", func(ctx context.Context) error {
			_, err := m.Transact(ctx,
				table.Write{Kind: table.Put, Key: key("2"), If: table.IfRevision(1)},
				table.Write{Kind: table.Check, Key: key("1"), If: table.IfPresent()},
				table.Write{Kind: table.Delete, Key: key("3"), If: table.IfAbsent()})
			return err
		}, table.Use{Transactions: 1, Writes: 3, Units: table.Units{Write: 2*3 + 2*2 + 2}}},
		{"create of 3.5, 4+ and 9+ KB", func(ctx context.Context) error {
			_, err := m.Transact(ctx, create("a3", kilobytes(7)[:3584]), create("a4", kilobytes(4)), create("a9", kilobytes(9)))
			return err
		}, table.Use{Transactions: 1, Writes: 3, Units: table.Units{Write: 2*4 + 2*5 + 2*10}}},
		{"get: each item apart, missing ones 1", func(ctx context.Context) error {
			_, err := m.Get(ctx, key("a3"), key("a4"), key("a9"), key("nobody"))
			return err
		}, table.Use{Gets: 1, Items: 4, Units: table.Units{Read: 1 + 2 + 3 + 1}}},
		{"query: the sum of the page", func(ctx context.Context) error {
			_, err := m.Query(ctx, table.Query{Partition: "p", Prefix: "a", Limit: 10})
			return err
		}, table.Use{Queries: 1, Units: table.Units{Read: 5}}}, // 16.5+ KB
		{"query: no more than the limit", func(ctx context.Context) error {
			_, err := m.Query(ctx, table.Query{Partition: "p", Prefix: "a", Limit: 1})
			return err
		}, table.Use{Queries: 1, Units: table.Units{Read: 1}}},
		{"query of nothing", func(ctx context.Context) error {
			_, err := m.Query(ctx, table.Query{Partition: "nobody", Limit: 10})
			return err
		}, table.Use{Queries: 1, Units: table.Units{Read: 1}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m.Reset()
			if err := test.call(table.WithOperation(t.Context(), "op")); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(map[string]table.Use{"op": test.want}, m.Snapshot()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestMeterOperations(t *testing.T) {
	m := newMeter(t)
	var group sync.WaitGroup
	for i := range 8 {
		name := []string{"even", "odd"}[i%2]
		group.Go(func() {
			ctx := table.WithOperation(t.Context(), name)
			for range 50 {
				if _, err := m.Get(ctx, table.Key{Partition: "p", Sort: "s"}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if _, err := m.Get(t.Context(), table.Key{}); err == nil {
		t.Error("no error for an empty key")
	}
	each := table.Use{Gets: 200, Items: 200, Units: table.Units{Read: 200}}
	want := map[string]table.Use{"even": each, "odd": each, "": {Gets: 1, Items: 1, Errors: 1}}
	if diff := cmp.Diff(want, m.Snapshot()); diff != "" {
		t.Error(diff)
	}
	if got := m.Total().Reads(); got != 401 {
		t.Errorf("%d reads in all, want 401", got)
	}
	if diff := cmp.Diff(each, m.Of("odd")); diff != "" {
		t.Error(diff)
	}
}
