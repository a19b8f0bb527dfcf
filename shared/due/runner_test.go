package due_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gander-images/gander/shared/due"
	"github.com/gander-images/gander/shared/table"
	"github.com/gander-images/gander/shared/table/bolt"
)

var start = time.Date(2026, 7, 1, 9, 0, 0, 0, time.UTC)

func openTable(t *testing.T) *bolt.Table {
	t.Helper()
	tab, err := bolt.Open(filepath.Join(t.TempDir(), "table.db"), bolt.WithoutSync())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tab.Close() })
	return tab
}

func put(t *testing.T, tab table.Table, entries ...due.Entry) {
	t.Helper()
	for _, e := range entries {
		outcome, err := tab.Transact(t.Context(), e.Put())
		if err != nil || !outcome.OK() {
			t.Fatalf("putting %v: %v, %v", e, outcome, err)
		}
	}
}

// recorder settles entries and remembers their order; those in fail are refused.
type recorder struct {
	table table.Table
	done  []string
	fail  map[string]bool
}

func (r *recorder) handle(ctx context.Context, e due.Entry) error {
	if r.fail[e.ID] {
		return errors.New("not today")
	}
	r.done = append(r.done, e.ID)
	_, err := r.table.Transact(ctx, e.Settle())
	return err
}

func runner(tab table.Table, now time.Time, handlers map[string]due.Handler) *due.Runner {
	return &due.Runner{Table: tab, Handlers: handlers, Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler)}
}

// TestSweep holds that what is due is done in the order of time, that what is
// not due waits, that a failing entry stops no other, and that it is met again.
func TestSweep(t *testing.T) {
	tab := openTable(t)
	r := &recorder{table: tab, fail: map[string]bool{"bad": true}}
	var want []string
	for i := range 60 { // more than a page
		id := string(rune('A' + i))
		put(t, tab, due.New("work", start.Add(time.Duration(i)*time.Second), id, nil))
		want = append(want, id)
	}
	put(t, tab,
		due.New("work", start, "bad", nil),
		due.New("work", start.Add(time.Hour+time.Microsecond), "later", nil),
		due.New("other", start.Add(-time.Hour), "first", nil))

	once := runner(tab, start.Add(time.Hour), map[string]due.Handler{"work": r.handle, "other": r.handle})
	if err := once.Sweep(t.Context()); err == nil {
		t.Error("a sweep with an entry that failed says that all is well")
	}
	if want = append([]string{"first"}, want...); !slices.Equal(r.done, want) {
		t.Errorf("done %v, not %v", r.done, want)
	}

	r.done, r.fail = nil, nil
	if err := once.Sweep(t.Context()); err != nil || !slices.Equal(r.done, []string{"bad"}) {
		t.Errorf("the second sweep does %v, %v", r.done, err)
	}
	after := runner(tab, start.Add(2*time.Hour), map[string]due.Handler{"work": r.handle})
	if err := after.Sweep(t.Context()); err != nil || !slices.Equal(r.done, []string{"bad", "later"}) {
		t.Errorf("the last sweep does %v, %v", r.done, err)
	}
}

// TestSweepEndsBeforeItsDeadline holds that a sweep that is about to be cut off
// takes no further entry.
func TestSweepEndsBeforeItsDeadline(t *testing.T) {
	tab := openTable(t)
	r := &recorder{table: tab}
	put(t, tab, due.New("work", start, "one", nil))
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
		defer cancel()
		err := runner(readOnly{tab, t}, start, map[string]due.Handler{"work": r.handle}).Sweep(ctx)
		if err != nil || len(r.done) != 0 {
			t.Errorf("with four seconds left, %v was done (%v)", r.done, err)
		}
	})
}

// readOnly answers one page, without the goroutines of a real table, which
// would outlive a synctest bubble.
type readOnly struct {
	table.Table
	t *testing.T
}

func (r readOnly) Query(context.Context, table.Query) (table.Page, error) {
	e := due.New("work", start, "one", nil)
	return table.Page{Items: []table.Item{{Key: e.Key(), Body: e.Body, Schema: 1}}}, nil
}

// TestReact holds that a change which makes something due has it done, and that
// other changes, settled entries and entries of the future do nothing.
func TestReact(t *testing.T) {
	tab := openTable(t)
	r := &recorder{table: tab}
	now, later := due.New("work", start, "now", nil), due.New("work", start.Add(time.Second), "later", nil)
	put(t, tab, now, later)
	item := func(e due.Entry) *table.Item { return &table.Item{Key: e.Key(), Schema: 1, Body: e.Body} }
	run := runner(tab, start, map[string]due.Handler{"work": r.handle})
	done, err := run.React(t.Context(), []table.Change{
		{New: &table.Item{Key: table.Key{Partition: "image#1", Sort: "image"}}},
		{New: item(later)},
		{Old: item(now)},
		{New: item(now)},
		{New: item(now)}, // twice, as streams may
	})
	if err != nil || done != 5 || !slices.Equal(r.done, []string{"now", "now"}) {
		t.Errorf("done %v, %d, %v", r.done, done, err)
	}
	items, err := tab.Get(t.Context(), now.Key(), later.Key())
	if err != nil || items[0] != nil || items[1] == nil {
		t.Errorf("entries %v, %v", items, err)
	}
}

// TestReactReportsFailures: every change has its turn, and the first that failed for a
// reason that stays is told, with the reason.
func TestReactReportsFailures(t *testing.T) {
	passes := errors.New("out of reach")
	stays := errors.New("not today")
	for _, c := range []struct {
		ids  []string
		done int
		err  error
	}{
		{[]string{"a", "b"}, 2, nil},
		{[]string{"a", "stays", "b", "unknown"}, 1, stays},
		{[]string{"passes", "b"}, 2, nil},
		{[]string{"a", "passes", "newer", "stays"}, 2, due.Newer},
		{[]string{"unknown", "a"}, 0, due.UnknownKind},
		{[]string{"a", "odd", "b"}, 1, due.NoEntry},
	} {
		tab := openTable(t)
		var met []string
		r := runner(tab, start, map[string]due.Handler{"work": func(_ context.Context, e due.Entry) error {
			met = append(met, e.ID)
			return map[string]error{"passes": passes, "stays": stays}[e.ID]
		}})
		r.Passing = func(err error) bool { return errors.Is(err, passes) }
		var changes []table.Change
		var want []string
		for _, id := range c.ids {
			e := due.New("work", start, id, nil)
			item := table.Item{Key: e.Key(), Schema: 1, Body: e.Body}
			switch id {
			case "unknown":
				item.Partition = "due#other#0"
			case "newer":
				item.Schema = 2
			case "odd":
				item.Sort = "soon"
			default:
				want = append(want, id)
			}
			changes = append(changes, table.Change{New: &item})
		}
		if done, err := r.React(t.Context(), changes); done != c.done || !errors.Is(err, c.err) || !slices.Equal(met, want) {
			t.Errorf("%v: %d, %v, met %v", c.ids, done, err, met)
		}
	}
}

// TestReactEndsWithItsTime: what had no turn comes again, and so does what was under
// way, or failed before it.
func TestReactEndsWithItsTime(t *testing.T) {
	stays := errors.New("not today")
	for _, c := range []struct {
		fails string // an entry; the second ends the time
		done  int
		err   error
	}{
		{"", 1, context.Canceled},
		{"a", 0, stays},
		{"b", 1, context.Canceled},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var changes []table.Change
		for _, id := range []string{"a", "b", "c"} {
			e := due.New("work", start, id, nil)
			changes = append(changes, table.Change{New: &table.Item{Key: e.Key(), Schema: 1}})
		}
		met := 0
		r := runner(openTable(t), start, map[string]due.Handler{"work": func(_ context.Context, e due.Entry) error {
			if met++; e.ID == "b" {
				cancel()
			}
			if e.ID == c.fails {
				return stays
			}
			return nil
		}})
		if done, err := r.React(ctx, changes); done != c.done || !errors.Is(err, c.err) || met != 2 {
			t.Errorf("%q fails: %d, %v, met %d", c.fails, done, err, met)
		}
	}
}

// TestAgain: an entry is read anew, and done if it is there and due.
func TestAgain(t *testing.T) {
	tab := openTable(t)
	r := &recorder{table: tab}
	now, later := due.New("work", start, "now", nil), due.New("work", start.Add(time.Second), "later", nil)
	put(t, tab, now, later)
	run := runner(tab, start, map[string]due.Handler{"work": r.handle})
	for _, e := range []due.Entry{now, now, later} {
		if err := run.Again(t.Context(), e.Key()); err != nil {
			t.Error(err)
		}
	}
	if !slices.Equal(r.done, []string{"now"}) {
		t.Errorf("done %v", r.done)
	}
	other := due.New("other", start, "x", nil)
	put(t, tab, other)
	if err := run.Again(t.Context(), other.Key()); !errors.Is(err, due.UnknownKind) {
		t.Error(err)
	}
}

// TestSweepTellsOfFailures: each entry that failed, with its reason, but none that a
// stopping process left.
func TestSweepTellsOfFailures(t *testing.T) {
	tab := openTable(t)
	r := &recorder{table: tab, fail: map[string]bool{"a": true, "c": true}}
	for _, id := range []string{"a", "b", "c"} {
		put(t, tab, due.New("work", start, id, nil))
	}
	run := runner(tab, start, map[string]due.Handler{"work": r.handle})
	var told []string
	run.Failed = func(_ context.Context, key table.Key, why error) {
		told = append(told, key.Sort[len(key.Sort)-1:]+": "+why.Error())
	}
	if err := run.Sweep(t.Context()); err == nil || !slices.Equal(told, []string{"a: not today", "c: not today"}) {
		t.Errorf("%v, told %v", err, told)
	}
	told = nil
	ctx, cancel := context.WithCancel(t.Context())
	run.Handlers["work"] = func(context.Context, due.Entry) error { cancel(); return ctx.Err() }
	if err := run.Sweep(ctx); err == nil || told != nil {
		t.Errorf("while it stops: %v, told %v", err, told)
	}
}

// TestNewerFormsAreLeft holds that an entry of a newer version, and one of a kind
// that nobody here knows, are neither done nor dropped.
func TestNewerFormsAreLeft(t *testing.T) {
	tab := openTable(t)
	r := &recorder{table: tab}
	newer := due.New("work", start, "newer", nil)
	write := newer.Put()
	write.Schema = 2
	if _, err := tab.Transact(t.Context(), write); err != nil {
		t.Fatal(err)
	}
	run := runner(tab, start, map[string]due.Handler{"work": r.handle})
	if err := run.Sweep(t.Context()); err == nil || len(r.done) != 0 {
		t.Errorf("a newer entry: done %v, %v", r.done, err)
	}
	items, err := tab.Get(t.Context(), newer.Key())
	if err != nil || items[0] == nil {
		t.Errorf("the newer entry is gone: %v", err)
	}
}

// TestStoppingIsNoFailure: work that a stopping process leaves is logged, and not
// as an error; work that fails while the process runs is one.
func TestStoppingIsNoFailure(t *testing.T) {
	for name, stops := range map[string]bool{"INFO": true, "ERROR": false} {
		tab := openTable(t)
		put(t, tab, due.New("a", start, "one", struct{}{}))
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var logged strings.Builder
		r := runner(tab, start.Add(time.Hour), map[string]due.Handler{"a": func(context.Context, due.Entry) error {
			if stops {
				cancel()
			}
			return errors.New("cut short")
		}})
		r.Log = slog.New(slog.NewTextHandler(&logged, nil))
		if err := r.Sweep(ctx); err == nil {
			t.Errorf("%s: nothing failed", name)
		}
		if text := logged.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, "level="+name) || !strings.Contains(text, "cut short") {
			t.Errorf("%s: logged %s", name, text)
		}
	}
}
