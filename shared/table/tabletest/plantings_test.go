package tabletest

import (
	"context"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gander-images/gander/shared/table"
)

func plantings() []planting {
	all := slices.Concat(conditionPlantings(), transactPlantings(), readPlantings(), feedPlantings())
	return all
}

func conditionPlantings() []planting {
	return []planting{
		{"ignores absent", "Transact", conditions(func(c table.Condition) table.Condition {
			if c.WantsAbsent() {
				return withBounds(anything, c)
			}
			return c
		})},
		{"ignores present", "Transact", conditions(func(c table.Condition) table.Condition {
			if _, wanted := c.WantedRevision(); c.WantsPresent() && !wanted {
				return withBounds(anything, c)
			}
			return c
		})},
		{"revision is only present", "Transact", conditions(func(c table.Condition) table.Condition {
			if _, wanted := c.WantedRevision(); wanted {
				return withBounds(table.IfPresent(), c)
			}
			return c
		})},
		{"ignores bounds", "Transact", conditions(func(c table.Condition) table.Condition {
			switch n, wanted := c.WantedRevision(); {
			case wanted:
				return table.IfRevision(n)
			case c.WantsPresent():
				return table.IfPresent()
			case c.WantsAbsent():
				return table.IfAbsent()
			default:
				return anything
			}
		})},
		{"ignores the second bound", "Transact", conditions(func(c table.Condition) table.Condition {
			if b := c.Bounds(); len(b) == 2 && !c.WantsPresent() && !c.WantsAbsent() {
				return table.IfWithin(b[0].Counter, b[0].Min, b[0].Max)
			}
			return c
		})},
		{"upper bound is off by one", "Transact", conditions(func(c table.Condition) table.Condition {
			if b := c.Bounds(); len(b) == 1 && !c.WantsPresent() && !c.WantsAbsent() && b[0].Max < math.MaxInt64 {
				return table.IfWithin(b[0].Counter, b[0].Min, b[0].Max+1)
			}
			return c
		})},
		{"lets the second writer win", "Races", func(m *mutant) {
			m.transact = func(ctx context.Context, writes ...table.Write) (table.Outcome, error) {
				n, wanted := writes[0].If.WantedRevision()
				if len(writes) > 1 || !wanted {
					return m.Table.Transact(ctx, writes...)
				}
				// Reads, compares, and writes without the condition.
				items, err := m.Table.Get(ctx, writes[0].Key)
				if err != nil {
					return table.Outcome{}, err
				}
				if items[0] == nil || items[0].Revision != n {
					return table.Outcome{Failed: []table.Failed{{Item: items[0]}}}, nil
				}
				runtime.Gosched() // somebody else comes first
				writes[0].If = table.IfPresent()
				return m.Table.Transact(ctx, writes...)
			}
		}},
	}
}

func transactPlantings() []planting {
	return []planting{
		{"failed items are not told", "Transact", outcomes(func(o *table.Outcome) {
			for i := range o.Failed {
				o.Failed[i].Item = nil
			}
		})},
		{"only one failure is told", "Transact", outcomes(func(o *table.Outcome) { o.Failed = o.Failed[:min(1, len(o.Failed))] })},
		{"failures are told as successes", "Transact", outcomes(func(o *table.Outcome) { o.Failed = nil })},
		{"not all or nothing", "Transact", func(m *mutant) {
			m.transact = func(ctx context.Context, writes ...table.Write) (all table.Outcome, err error) {
				if err := table.Validate(writes); err != nil {
					return all, err
				}
				for i, w := range writes {
					one, err := m.Table.Transact(ctx, w)
					if err != nil {
						return all, err
					}
					for _, f := range one.Failed {
						f.Index = i
						all.Failed = append(all.Failed, f)
					}
				}
				return all, nil
			}
		}},
		{"no limit on writes", "Limits", func(m *mutant) {
			m.transact = func(ctx context.Context, writes ...table.Write) (table.Outcome, error) {
				if len(writes) > table.MaxWrites {
					writes = writes[:table.MaxWrites]
				}
				return m.Table.Transact(ctx, writes...)
			}
		}},
		{"same item twice", "Limits", func(m *mutant) {
			m.transact = func(ctx context.Context, writes ...table.Write) (table.Outcome, error) {
				seen := map[table.Key]bool{}
				writes = slices.DeleteFunc(slices.Clone(writes), func(w table.Write) bool {
					twice := seen[w.Key]
					seen[w.Key] = true
					return twice
				})
				return m.Table.Transact(ctx, writes...)
			}
		}},
		{"deletes keep counters", "Transact", func(m *mutant) {
			m.transact = func(ctx context.Context, writes ...table.Write) (table.Outcome, error) {
				outcome, err := m.Table.Transact(ctx, writes...)
				if err == nil && outcome.OK() && len(writes) == 1 && writes[0].Kind == table.Delete {
					return m.Table.Transact(ctx, table.Write{Kind: table.Add, Key: writes[0].Key, Counters: map[string]int64{"n": 1}})
				}
				return outcome, err
			}
		}},
		{"the item that outgrew is written", "Limits", func(m *mutant) {
			m.transact = func(ctx context.Context, writes ...table.Write) (table.Outcome, error) {
				outcome, err := m.Table.Transact(ctx, writes...)
				if err != nil && len(writes) == 2 {
					_, _ = m.Table.Transact(ctx, writes[0])
				}
				return outcome, err
			}
		}},
	}
}

func readPlantings() []planting {
	return []planting{
		{"old revision", "Transact", func(m *mutant) {
			m.get = func(ctx context.Context, keys ...table.Key) ([]*table.Item, error) {
				items, err := m.Table.Get(ctx, keys...)
				for _, i := range items {
					if i != nil && i.Revision > 1 {
						i.Revision--
					}
				}
				return items, err
			}
		}},
		{"repeated keys are read once", "Get", func(m *mutant) {
			m.get = func(ctx context.Context, keys ...table.Key) ([]*table.Item, error) {
				if len(keys) < 3 {
					return m.Table.Get(ctx, keys...)
				}
				return m.Table.Get(ctx, slices.Compact(slices.SortedFunc(slices.Values(keys), func(a, b table.Key) int {
					return strings.Compare(a.Sort, b.Sort)
				}))...)
			}
		}},
		{"a hundred keys at most", "Get", func(m *mutant) {
			m.get = func(ctx context.Context, keys ...table.Key) ([]*table.Item, error) {
				items, err := m.Table.Get(ctx, keys[:min(len(keys), 100)]...)
				return append(items, make([]*table.Item, len(keys)-len(items))...), err
			}
		}},
		{"items are cached", "Races", func(m *mutant) {
			var cache sync.Map
			m.get = func(ctx context.Context, keys ...table.Key) ([]*table.Item, error) {
				if item, ok := cache.Load(keys[0]); ok && len(keys) == 1 {
					return []*table.Item{item.(*table.Item)}, nil
				}
				items, err := m.Table.Get(ctx, keys...)
				if err == nil && len(keys) == 1 {
					cache.Store(keys[0], items[0])
				}
				return items, err
			}
		}},
		{"items are shared", "Ownership", func(m *mutant) {
			m.get = func(ctx context.Context, keys ...table.Key) ([]*table.Item, error) {
				items, err := m.Table.Get(ctx, keys...)
				if len(keys) == 2 && keys[0] == keys[1] {
					items[1] = items[0]
				}
				return items, err
			}
		}},
		{"position is inclusive", "Query", func(m *mutant) {
			m.query = func(ctx context.Context, q table.Query) (table.Page, error) {
				page, err := m.Table.Query(ctx, q)
				if err != nil || q.After == "" || !strings.HasPrefix(q.After, q.Prefix) {
					return page, err
				}
				items, err := m.Table.Get(ctx, table.Key{Partition: q.Partition, Sort: q.After})
				if err == nil && items[0] != nil && len(page.Items) < q.Limit {
					page.Items = append([]table.Item{*items[0]}, page.Items...)
				}
				return page, err
			}
		}},
		{"position is lost when going back", "Query", queries(func(q *table.Query) {
			if q.Backward && q.Prefix != "" {
				q.After = ""
			}
		})},
		{"prefix is ignored", "Query", queries(func(q *table.Query) { q.Prefix = "" })},
		{"direction is ignored", "Query", queries(func(q *table.Query) { q.Backward = false })},
		{"one item too many", "Query", queries(func(q *table.Query) { q.Limit++ })},
		{"never more", "Query", func(m *mutant) {
			m.query = func(ctx context.Context, q table.Query) (table.Page, error) {
				page, err := m.Table.Query(ctx, q)
				page.More = false
				return page, err
			}
		}},
		{"pages of any size", "Query", func(m *mutant) {
			m.query = func(ctx context.Context, q table.Query) (table.Page, error) {
				page, err := m.Table.Query(ctx, q)
				for err == nil && page.More && len(page.Items) < q.Limit {
					var next table.Page
					rest := q
					rest.After, rest.Limit = page.Last, q.Limit-len(page.Items)
					next, err = m.Table.Query(ctx, rest)
					page = table.Page{Items: append(page.Items, next.Items...), Last: next.Last, More: next.More}
				}
				return page, err
			}
		}},
		{"sorted without regard to case", "Query", func(m *mutant) {
			m.query = func(ctx context.Context, q table.Query) (table.Page, error) {
				page, err := m.Table.Query(ctx, q)
				slices.SortStableFunc(page.Items, func(a, b table.Item) int {
					c := strings.Compare(strings.ToLower(a.Sort), strings.ToLower(b.Sort))
					if q.Backward {
						return -c
					}
					return c
				})
				return page, err
			}
		}},
		{"late reads", "Query", func(m *mutant) {
			var last sync.Map
			m.query = func(ctx context.Context, q table.Query) (table.Page, error) {
				page, err := m.Table.Query(ctx, q)
				if before, ok := last.Swap(q, page); ok && err == nil {
					return before.(table.Page), nil
				}
				return page, err
			}
		}},
	}
}

func feedPlantings() []planting {
	count := 0
	return []planting{
		{"every fifth change is lost", "Changes", handlers(func(handle table.Handler) table.Handler {
			return func(ctx context.Context, changes []table.Change) (int, error) {
				kept := slices.DeleteFunc(slices.Clone(changes), func(table.Change) bool {
					count++
					return count%5 == 0
				})
				if len(kept) == 0 {
					return len(changes), nil
				}
				done, err := handle(ctx, kept)
				if done == len(kept) {
					done = len(changes)
				}
				return done, err
			}
		})},
		{"old and new are exchanged", "Changes", handlers(func(handle table.Handler) table.Handler {
			return func(ctx context.Context, changes []table.Change) (int, error) {
				for i, c := range changes {
					changes[i].Old, changes[i].New = c.New, c.Old
				}
				return handle(ctx, changes)
			}
		})},
		{"no old items", "Changes", handlers(func(handle table.Handler) table.Handler {
			return func(ctx context.Context, changes []table.Change) (int, error) {
				for i := range changes {
					if changes[i].New != nil {
						changes[i].Old = nil
					}
				}
				return handle(ctx, changes)
			}
		})},
		{"batches are turned round", "Changes", handlers(func(handle table.Handler) table.Handler {
			return func(ctx context.Context, changes []table.Change) (int, error) {
				slices.Reverse(changes)
				return handle(ctx, changes)
			}
		})},
		{"all is done, whatever the handler says", "Changes", handlers(func(handle table.Handler) table.Handler {
			return func(ctx context.Context, changes []table.Change) (int, error) {
				_, err := handle(ctx, changes)
				return len(changes), err
			}
		})},
		{"nothing is done when the handler fails", "Changes", handlers(func(handle table.Handler) table.Handler {
			return func(ctx context.Context, changes []table.Change) (int, error) {
				done, err := handle(ctx, changes)
				if err != nil {
					return 0, err
				}
				return done, nil
			}
		})},
		{"errors of the handler are dropped", "Changes", func(m *mutant) {
			m.changes = func(ctx context.Context, consumer string, handle table.Handler) error {
				_ = m.Feed.Changes(ctx, consumer, handle)
				return nil
			}
		}},
		{"consumers share a position", "Changes", func(m *mutant) {
			m.changes = func(ctx context.Context, _ string, handle table.Handler) error {
				return m.Feed.Changes(ctx, "one", handle)
			}
		}},
		{"positions are not kept", "Changes", func(m *mutant) {
			opened := time.Now().String()
			m.changes = func(ctx context.Context, consumer string, handle table.Handler) error {
				return m.Feed.Changes(ctx, consumer+opened, handle)
			}
		}},
		{"does not wait for more", "Changes", func(m *mutant) {
			m.changes = func(ctx context.Context, consumer string, handle table.Handler) error {
				ctx, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
				defer cancel()
				return m.Feed.Changes(ctx, consumer, handle)
			}
		}},
	}
}
