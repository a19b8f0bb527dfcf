package tabletest

import (
	"context"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/table"
	"github.com/gander-images/gander/shared/table/bolt"
)

// A mutant is a table with one planted fault. The suite must find each.
type mutant struct {
	table.Table
	table.Feed

	get      func(context.Context, ...table.Key) ([]*table.Item, error)
	query    func(context.Context, table.Query) (table.Page, error)
	transact func(context.Context, ...table.Write) (table.Outcome, error)
	changes  func(context.Context, string, table.Handler) error
}

func (m *mutant) Get(ctx context.Context, keys ...table.Key) ([]*table.Item, error) {
	if m.get != nil {
		return m.get(ctx, keys...)
	}
	return m.Table.Get(ctx, keys...)
}

func (m *mutant) Query(ctx context.Context, q table.Query) (table.Page, error) {
	if m.query != nil {
		return m.query(ctx, q)
	}
	return m.Table.Query(ctx, q)
}

func (m *mutant) Transact(ctx context.Context, writes ...table.Write) (table.Outcome, error) {
	if m.transact != nil {
		return m.transact(ctx, writes...)
	}
	return m.Table.Transact(ctx, writes...)
}

func (m *mutant) Changes(ctx context.Context, consumer string, handle table.Handler) error {
	if m.changes != nil {
		return m.changes(ctx, consumer, handle)
	}
	return m.Feed.Changes(ctx, consumer, handle)
}

// A planting is a mutant's name, the group of tests that must find it, and the
// fault itself.
type planting struct {
	name, group string
	plant       func(*mutant)
}

var anything = table.IfWithin("not a counter", math.MinInt64, math.MaxInt64)

// conditions makes a mutant that takes other conditions for those given.
func conditions(replace func(table.Condition) table.Condition) func(*mutant) {
	return func(m *mutant) {
		m.transact = func(ctx context.Context, writes ...table.Write) (table.Outcome, error) {
			writes = slices.Clone(writes)
			for i := range writes {
				if !writes[i].If.Zero() {
					writes[i].If = replace(writes[i].If)
				}
			}
			return m.Table.Transact(ctx, writes...)
		}
	}
}

// withBounds puts the bounds of one condition under another.
func withBounds(c, bounds table.Condition) table.Condition {
	for _, b := range bounds.Bounds() {
		c = c.Within(b.Counter, b.Min, b.Max)
	}
	return c
}

// outcomes makes a mutant that tells other outcomes.
func outcomes(change func(*table.Outcome)) func(*mutant) {
	return func(m *mutant) {
		m.transact = func(ctx context.Context, writes ...table.Write) (table.Outcome, error) {
			outcome, err := m.Table.Transact(ctx, writes...)
			change(&outcome)
			return outcome, err
		}
	}
}

// queries makes a mutant that asks for another page.
func queries(change func(*table.Query)) func(*mutant) {
	return func(m *mutant) {
		m.query = func(ctx context.Context, q table.Query) (table.Page, error) {
			if err := table.ValidateQuery(q); err != nil {
				return table.Page{}, err
			}
			change(&q)
			return m.Table.Query(ctx, q)
		}
	}
}

// handlers makes a mutant that puts another handler before the consumer's.
func handlers(wrap func(table.Handler) table.Handler) func(*mutant) {
	return func(m *mutant) {
		m.changes = func(ctx context.Context, consumer string, handle table.Handler) error {
			return m.Feed.Changes(ctx, consumer, wrap(handle))
		}
	}
}

const mutantVariable = "GANDER_TEST_MUTANT"

// TestMutants runs the suite on each mutant, in a process of its own, and
// wants it to fail. Such a process comes here, too, and runs the suite.
func TestMutants(t *testing.T) {
	if name := os.Getenv(mutantVariable); name != "" {
		t.Run("suite", func(t *testing.T) { runMutant(t, name) })
		return
	}
	for _, p := range plantings() {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			out, err := mutantProcess(t, p.name, "/^"+p.group+"$")
			if err == nil || !strings.Contains(out, "--- FAIL: TestMutants/suite/"+p.group+"/") {
				t.Errorf("the suite did not find it: %v\n%s", err, out)
			}
		})
	}
	t.Run("none", func(t *testing.T) {
		out, err := mutantProcess(t, "none", "")
		if err != nil || !strings.Contains(out, "--- PASS: TestMutants/suite/Changes") {
			t.Errorf("without a fault the suite fails: %v\n%s", err, out)
		}
	})
}

func mutantProcess(t *testing.T, name, group string) (output string, err error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.v", "-test.failfast", "-test.run", "^TestMutants$/^suite$"+group) //nolint:gosec // this binary
	cmd.Env = append(os.Environ(), mutantVariable+"="+name)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func runMutant(t *testing.T, name string) {
	plant := func(*mutant) {}
	for _, p := range plantings() {
		if p.name == name {
			plant, patience = p.plant, time.Second
		}
	}
	Run(t, func(t *testing.T) Store { return openMutant(t, filepath.Join(t.TempDir(), "table"), plant) })
}

func openMutant(t *testing.T, path string, plant func(*mutant)) Store {
	t.Helper()
	b, err := bolt.Open(path, bolt.WithoutSync())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	m := &mutant{Table: b, Feed: b}
	plant(m)
	return Store{Table: m, Feed: m, Reopen: func(t *testing.T) Store {
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
		return openMutant(t, path, plant)
	}}
}
