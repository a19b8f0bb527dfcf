package tabletest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gander-images/gander/shared/table"
)

// testWalk makes transactions at random and holds the table to a model of a
// few lines.
func testWalk(t *testing.T, open func(*testing.T) Store) {
	w := newWorld(t, open)
	seed := rand.Uint64()
	w.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // not a secret
	m := model{}
	for step := range 400 {
		writes := w.randomWrites(r, m)
		want := m.transact(writes)
		outcome := w.refuse(want, writes...)
		for _, f := range outcome.Failed {
			w.same(fmt.Sprintf("step %d: item told", step), m[writes[f.Index].Key], f.Item)
		}
		if step%20 == 0 {
			w.sameAs(r, m)
		}
	}
	w.sameAs(r, m)
}

type model map[table.Key]*table.Item

// transact returns the indexes of the conditions that fail; with none the
// writes are made.
func (m model) transact(writes []table.Write) []int {
	var failed []int
	for i, w := range writes {
		if !m.holds(w) {
			failed = append(failed, i)
		}
	}
	for _, w := range writes {
		if next := after(m[w.Key], w); failed != nil {
			continue
		} else if next == nil {
			delete(m, w.Key)
		} else {
			m[w.Key] = next
		}
	}
	return failed
}

func (m model) holds(w table.Write) bool {
	item := m[w.Key]
	if w.If.WantsAbsent() && item != nil || w.If.WantsPresent() && item == nil {
		return false
	}
	if n, wanted := w.If.WantedRevision(); wanted && item.Revision != n {
		return false
	}
	for _, b := range w.If.Bounds() {
		n := w.Counters[b.Counter]
		if item != nil {
			n += item.Counters[b.Counter]
		}
		if n < b.Min || n > b.Max {
			return false
		}
	}
	return true
}

const walkItems, walkPartitions = 24, 3

func (w *world) walkKey(i int) table.Key {
	return w.key(fmt.Sprint(i%walkPartitions), fmt.Sprintf("%c/%02d", 'a'+i%2, i))
}

func (w *world) randomWrites(r *rand.Rand, m model) []table.Write {
	var writes []table.Write
	for _, i := range r.Perm(walkItems)[:1+r.IntN(4)] {
		key := w.walkKey(i)
		write := table.Write{Kind: table.Kind(1 + r.IntN(4)), Key: key} //nolint:gosec // small
		if write.Kind == table.Put {
			write.Schema, write.Body = r.IntN(3), []byte(strings.Repeat("x", r.IntN(40)))
		}
		if write.Kind == table.Put || write.Kind == table.Add {
			write.Counters = map[string]int64{fmt.Sprint(r.IntN(3)): int64(r.IntN(9) - 4)}
		}
		write.If = randomCondition(r, m[key])
		writes = append(writes, write)
	}
	return writes
}

// randomCondition holds in most cases, or no transaction would get through.
func randomCondition(r *rand.Rand, item *table.Item) table.Condition {
	if r.IntN(8) == 0 {
		return []table.Condition{table.IfAbsent(), table.IfPresent(), table.IfRevision(int64(r.IntN(5)))}[r.IntN(3)]
	}
	var c table.Condition
	switch {
	case r.IntN(2) == 0:
		c = table.IfWithin(fmt.Sprint(r.IntN(3)), -20, 20)
	case item == nil:
		c = table.IfAbsent()
	case r.IntN(2) == 0:
		c = table.IfRevision(item.Revision)
	default:
		c = table.IfPresent()
	}
	if r.IntN(3) == 0 {
		c = c.Within(fmt.Sprint(r.IntN(3)), -10, 10)
	}
	return c
}

// sameAs compares the whole table with the model, by Get and by Query.
func (w *world) sameAs(r *rand.Rand, m model) {
	w.Helper()
	for i := range walkItems {
		w.want(w.walkKey(i), m[w.walkKey(i)])
	}
	for p := range walkPartitions {
		for _, prefix := range []string{"", "a/", "b/"} {
			var want []string
			for key := range m {
				if key.Partition == w.name+fmt.Sprint(p) && strings.HasPrefix(key.Sort, prefix) {
					want = append(want, key.Sort)
				}
			}
			slices.Sort(want)
			q := table.Query{Partition: w.name + fmt.Sprint(p), Prefix: prefix, Limit: 1 + r.IntN(9), Backward: r.IntN(2) == 0}
			if q.Backward {
				slices.Reverse(want)
			}
			if got := w.read(q); !slices.Equal(got, want) {
				w.Fatalf("%+v: %q, want %q", q, got, want)
			}
		}
	}
}
