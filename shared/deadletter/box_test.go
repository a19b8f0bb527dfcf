package deadletter_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/deadletter"
	"github.com/gander-images/gander/shared/due"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
	"github.com/gander-images/gander/shared/table"
	"github.com/gander-images/gander/shared/table/bolt"
	"github.com/gander-images/gander/shared/vault"
)

var start = time.Date(2026, 7, 1, 9, 0, 0, 0, time.UTC)

// A world is a box over a real table, with a runner that does what its letters are
// about, and a clock that only the test moves.
type world struct {
	*testing.T
	table  *bolt.Table
	box    *deadletter.Box
	runner *due.Runner
	clock  time.Time
	grant  policy.Grant
	fails  error // the work, while it is set
}

func newWorld(t *testing.T) *world {
	t.Helper()
	tab, err := bolt.Open(filepath.Join(t.TempDir(), "table.db"), bolt.WithoutSync())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tab.Close() })
	rules, err := policy.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{T: t, table: tab, clock: start}
	w.grant, err = rules.Authorize(policy.GetDeadLetters, caller.Caller{Roles: []string{"admin"}, Admin: true}, policy.Attributes{})
	if err != nil {
		t.Fatal(err)
	}
	w.over(tab)
	return w
}

// over uses another table, as a process does that has lost its way to this one.
func (w *world) over(tab table.Table) {
	quiet := slog.New(slog.DiscardHandler)
	now := func() time.Time { return w.clock }
	w.box = &deadletter.Box{Table: tab, Now: now, Log: quiet}
	work := due.Runner{Table: tab, Now: now, Log: quiet, Handlers: map[string]due.Handler{"work": func(ctx context.Context, e due.Entry) error {
		if w.fails != nil {
			return w.fails
		}
		_, err := tab.Transact(ctx, e.Settle())
		return err
	}}}
	runner := work
	runner.Handlers = maps.Clone(work.Handlers)
	runner.Handlers[deadletter.RetryKind] = w.box.Handler(&work)
	w.runner = &runner
}

func (w *world) put(e due.Entry) table.Key {
	w.Helper()
	if outcome, err := w.table.Transact(w.Context(), e.Put()); err != nil || !outcome.OK() {
		w.Fatal(outcome, err)
	}
	return e.Key()
}

func (w *world) letters() []deadletter.Letter {
	w.Helper()
	all, more, err := w.box.List(w.Context(), w.grant, "reaper", "", 100)
	if err != nil || more {
		w.Fatal(more, err)
	}
	return all
}

func (w *world) retry(id string) error {
	_, err := w.box.Retry(w.Context(), w.grant, "reaper", id)
	return err
}

// rows are the keys of all items in a partition.
func (w *world) rows(partition string) []string {
	w.Helper()
	page, err := w.table.Query(w.Context(), table.Query{Partition: partition, Limit: 1000})
	if err != nil {
		w.Fatal(err)
	}
	var keys []string
	for _, item := range page.Items {
		keys = append(keys, item.Sort)
	}
	return keys
}

var errSecret = errors.New("signing https://store/x?X-Amz-Signature=abc failed")

// TestReasons: an operator reads what was made to be read, and nothing else.
func TestReasons(t *testing.T) {
	key := due.New("work", start, "a", nil).Key()
	for want, err := range map[string]error{
		"Nothing here handles entries of this kind.":                                          fmt.Errorf("kind x: %w", due.UnknownKind),
		"The key store is not available. Try again.":                                          fmt.Errorf("asking %w: %w", vault.ErrBusy, errSecret),
		"The work failed for an internal reason, which the log tells beside the entry's key.": errSecret,
	} {
		if l := deadletter.Of("reaper", key, 1, err); l.Reason != want {
			t.Errorf("%v is told as %q", err, l.Reason)
		}
	}
}

// TestLettersAreKeptOnce: the same failure makes one letter, whoever tells of it; they
// are listed page by page, the last first.
func TestLettersAreKeptOnce(t *testing.T) {
	w := newWorld(t)
	var want []string
	for i := range 7 {
		l := deadletter.Of("reaper", due.New("work", start.Add(time.Duration(i)*time.Minute), "a", nil).Key(), 5, errSecret)
		want = append([]string{l.ID}, want...)
		for range 2 {
			if err := w.box.Put(t.Context(), l); err != nil {
				t.Fatal(err)
			}
			l.Tries = 1
		}
	}
	for _, limit := range []int{1, 2, 3, 7, 100} {
		var got []string
		for marker, more := "", true; more; {
			var page []deadletter.Letter
			var err error
			if page, more, err = w.box.List(t.Context(), w.grant, "reaper", marker, limit); err != nil {
				t.Fatal(err)
			}
			for _, l := range page {
				got, marker = append(got, l.ID), l.ID
				if l.Tries != 5 || !l.At.Equal(start) {
					t.Errorf("the letter is %+v", l)
				}
			}
			if len(page) > limit {
				t.Errorf("%d letters on a page of %d", len(page), limit)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("by %d: %v, not %v", limit, got, want)
		}
	}
	for _, marker := range []string{"x", want[0] + "x", "#", strings.Repeat("a", 2000)} {
		if _, _, err := w.box.List(t.Context(), w.grant, "reaper", marker, 5); !problem.Is(err, problem.Invalid) {
			t.Errorf("marker %.20q: %v", marker, err)
		}
	}
	if _, _, err := w.box.List(t.Context(), policy.Grant{}, "reaper", "", 5); err == nil {
		t.Error("letters are shown to whom nothing was granted")
	}
	if _, err := w.box.Retry(t.Context(), policy.Grant{}, "reaper", want[0]); err == nil {
		t.Error("letters are retried by whom nothing was granted")
	}
}

// TestRetry: what fails again leaves its letter with the new reason; once it is mended
// the letter goes, and so does the entry.
func TestRetry(t *testing.T) {
	w := newWorld(t)
	w.fails = errSecret
	l := deadletter.Of("reaper", w.put(due.New("work", start, "a", nil)), 5, w.fails)
	if err := w.box.Put(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	w.fails = problem.New(problem.Conflict, "Not today.")
	w.clock = start.Add(time.Hour)
	for range 2 { // the second asks for what is asked for already
		if err := w.retry(l.ID); err != nil {
			t.Fatal(err)
		}
	}
	if rows := w.rows("due#retry#0"); len(rows) != 1 || w.letters()[0].RetryAt.IsZero() {
		t.Errorf("due are %v of %+v", rows, w.letters())
	}
	if err := w.runner.Sweep(t.Context()); err == nil {
		t.Error("the work did not fail")
	}
	left := w.letters()
	if len(left) != 1 || left[0].Reason != "Not today." || left[0].Tries != 6 || !left[0].RetryAt.IsZero() || !left[0].At.Equal(w.clock) || len(w.rows("due#retry#0")) != 0 {
		t.Errorf("after it failed again: %+v, %v", left, w.rows("due#retry#0"))
	}
	w.fails = nil
	if err := w.retry(l.ID); err != nil {
		t.Fatal(err)
	}
	changed := table.Change{New: &table.Item{Key: table.Key{Partition: "due#retry#0", Sort: w.rows("due#retry#0")[0]}, Schema: 1, Body: w.body("due#retry#0")}}
	for range 2 { // the change may come twice
		if _, err := w.runner.React(t.Context(), []table.Change{changed}); err != nil {
			t.Fatal(err)
		}
	}
	if len(w.letters()) != 0 || len(w.rows("due#work#0")) != 0 || len(w.rows("due#retry#0")) != 0 {
		t.Errorf("left are %+v, %v and %v", w.letters(), w.rows("due#work#0"), w.rows("due#retry#0"))
	}
	for _, c := range [][2]string{{"reaper", l.ID}, {"reaper", "x"}, {"reaper", ""}, {"sweeper", l.ID}, {"nobody", l.ID}} {
		if _, err := w.box.Retry(t.Context(), w.grant, c[0], c[1]); !problem.Is(err, problem.NotFound) {
			t.Errorf("%v: %v", c, err)
		}
	}
}

func (w *world) body(partition string) []byte {
	w.Helper()
	page, err := w.table.Query(w.Context(), table.Query{Partition: partition, Limit: 1})
	if err != nil || len(page.Items) != 1 {
		w.Fatal(page, err)
	}
	return page.Items[0].Body
}

// TestUnknownRanges: where nobody knows which change failed, a retry does all that is
// due, but for itself.
func TestUnknownRanges(t *testing.T) {
	w := newWorld(t)
	w.put(due.New("work", start, "a", nil))
	m := deadletter.GivenUp{ID: "m-1", At: start, Range: deadletter.Range{Shard: "s", First: "1", Last: "9", Count: 3}, First: "01", Last: "09", Tries: 11}
	for range 2 { // a queue delivers at least once
		if err := w.box.Take(t.Context(), "reaper", m); err != nil {
			t.Fatal(err)
		}
	}
	left := w.letters()
	if len(left) != 1 || *left[0].Range != m.Range || left[0].Item != nil || left[0].Tries != 11 {
		t.Fatalf("kept %+v", left)
	}
	if err := w.box.Tidy(t.Context()); err != nil || len(w.letters()) != 1 {
		t.Errorf("tidying: %v, %+v", err, w.letters())
	}
	if err := w.retry(left[0].ID); err != nil {
		t.Fatal(err)
	}
	delete(w.runner.Handlers, "work") // the retry alone may do it
	if err := w.runner.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(w.letters()) != 0 || len(w.rows("due#work#0")) != 0 {
		t.Errorf("left are %+v and %v", w.letters(), w.rows("due#work#0"))
	}
}

// TestNotes: what a function noted of a change is in the letter that a message about
// the change makes, and in no other.
func TestNotes(t *testing.T) {
	w := newWorld(t)
	key := w.put(due.New("none", start, "a", nil))
	note := func(sequence string, key *table.Key, why error) {
		t.Helper()
		if err := w.box.Note(t.Context(), "reaper", sequence, key, why); err != nil {
			t.Fatal(err)
		}
	}
	note("0005", &key, due.UnknownKind)
	note("0005", &key, errSecret) // the second try
	note("0007", nil, errSecret)
	note("0009", nil, errSecret)
	m := deadletter.GivenUp{ID: "m-1", At: start, Range: deadletter.Range{Shard: "s", First: "5", Last: "7", Count: 3}, First: "0005", Last: "0007", Tries: 11}
	for range 2 {
		if err := w.box.Take(t.Context(), "reaper", m); err != nil {
			t.Fatal(err)
		}
	}
	reasons := map[string]string{}
	for _, l := range w.letters() {
		reasons[l.Range.First+"-"+l.Range.Last] = l.Reason
		if l.Item != nil {
			reasons["item"] = l.Item.Partition + " " + l.Item.Sort
		}
	}
	want := map[string]string{"5-5": due.UnknownKind.Error(), "7-7": deadletter.Reason(errSecret), "item": key.Partition + " " + key.Sort}
	if !maps.Equal(reasons, want) {
		t.Errorf("the letters say %v", reasons)
	}
	for _, c := range []struct {
		after time.Duration
		left  int
	}{{47 * time.Hour, 3 + 2}, {49 * time.Hour, 2}} {
		w.clock = start.Add(c.after)
		if err := w.box.Tidy(t.Context()); err != nil {
			t.Fatal(err)
		}
		if rows := w.rows("deployment"); len(rows) != c.left {
			t.Errorf("after %s: %v", c.after, rows)
		}
	}
}

// TestTidy: a letter goes once somebody did what it is about.
func TestTidy(t *testing.T) {
	w := newWorld(t)
	done, open := due.New("work", start, "done", nil), due.New("work", start, "open", nil)
	for _, e := range []due.Entry{done, open} {
		if err := w.box.Put(t.Context(), deadletter.Of("reaper", w.put(e), 5, errSecret)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.table.Transact(t.Context(), done.Settle()); err != nil {
		t.Fatal(err)
	}
	if err := w.box.Tidy(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left := w.letters(); len(left) != 1 || !strings.HasSuffix(left[0].Item.Sort, "open") {
		t.Errorf("left are %+v", left)
	}
}

// TestMissed: an entry that fails for a short time leaves no letter.
func TestMissed(t *testing.T) {
	w := newWorld(t)
	key := w.put(due.New("work", start, "a", nil))
	for after, want := range map[time.Duration]int{59 * time.Minute: 0, 0: 0} {
		w.clock = start.Add(after)
		w.box.Missed(t.Context(), key, vault.ErrBusy)
		if n := len(w.letters()); n != want {
			t.Errorf("after %s there are %d letters", after, n)
		}
	}
	w.clock = start.Add(time.Hour)
	for range 3 {
		w.box.Missed(t.Context(), key, vault.ErrBusy)
	}
	if left := w.letters(); len(left) != 1 || left[0].Reason != "The key store is not available. Try again." {
		t.Errorf("after an hour there are %+v", left)
	}
}
