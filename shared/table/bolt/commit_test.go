package bolt

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/gander-images/gander/shared/table"
)

// A gate holds up commits until it is opened.
type gate struct {
	entered chan struct{} // a commit has come
	open    chan struct{}
}

func newGate() *gate { return &gate{entered: make(chan struct{}, 1000), open: make(chan struct{})} }

func (g *gate) option(s *settings) {
	s.commit = func(tx *bbolt.Tx) error {
		g.entered <- struct{}{}
		<-g.open
		return tx.Commit()
	}
}

type answer struct {
	sort    string
	outcome table.Outcome
	err     error
}

// later makes writes in the background.
func later(ctx context.Context, b *Table, answers chan<- answer, writes ...table.Write) {
	go func() {
		outcome, err := b.Transact(ctx, writes...)
		answers <- answer{writes[0].Key.Sort, outcome, err}
	}()
}

func TestManyTransactionsShareACommit(t *testing.T) {
	const writers = 40
	g := newGate()
	b := openNew(t, g.option)
	answers := make(chan answer, writers+1)
	later(t.Context(), b, answers, create("first"))
	<-g.entered
	for i := range writers {
		later(t.Context(), b, answers, create(fmt.Sprint(i)))
	}
	until(t, "all are queued", func() bool { return len(b.queue) == writers })
	if len(answers) != 0 {
		t.Error("a caller was answered before the commit")
	}
	close(g.open)
	for range writers + 1 {
		if a := <-answers; a.err != nil || !a.outcome.OK() {
			t.Errorf("%s: %+v, %v", a.sort, a.outcome, a.err)
		}
	}
	if got, want := b.Stats(), (Stats{Transactions: writers + 1, Groups: 2, Syncs: 4}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// TestWritersDoNotTakeTurns has a writer wait while another one commits, and lets
// both write on: from then on each commit has both.
func TestWritersDoNotTakeTurns(t *testing.T) {
	g := newGate()
	b := openNew(t, g.option, func(s *settings) { s.linger = func(time.Duration) time.Duration { return time.Minute } })
	answers := make(chan answer, 2)
	later(t.Context(), b, answers, create("1"))
	<-g.entered
	later(t.Context(), b, answers, create("2"))
	until(t, "it is queued", func() bool { return len(b.queue) == 1 })
	close(g.open)
	for n := range 9 { // the first alone, then pairs
		if a := <-answers; a.err != nil || !a.outcome.OK() {
			t.Fatalf("%s: %+v, %v", a.sort, a.outcome, a.err)
		}
		later(t.Context(), b, answers, create(fmt.Sprint(n+3)))
	}
	if got := b.Stats(); got.Groups > got.Transactions/2+1 {
		t.Errorf("%d transactions in %d commits", got.Transactions, got.Groups)
	}
	<-answers
	<-answers
}

// TestGroupMembers has members of one group that depend on one another, and
// some that are refused.
func TestGroupMembers(t *testing.T) {
	g := newGate()
	b := openNew(t, g.option)
	answers := make(chan answer, 10)
	later(t.Context(), b, answers, create("first"))
	<-g.entered
	large := create("large")
	large.Body = make([]byte, table.MaxItemBytes-200)
	grow := table.Write{Kind: table.Add, Key: key("large"), Counters: map[string]int64{string(make([]byte, 100)): 1, string(make([]byte, 99)): 1}}
	queue := func(writes ...table.Write) {
		n := len(b.queue)
		later(t.Context(), b, answers, writes...)
		until(t, "it is queued", func() bool { return len(b.queue) == n+1 })
	}
	queue(large)
	queue(table.Write{Kind: table.Check, Key: key("first"), If: table.IfRevision(1)}, create("a"))
	queue(create("b"), create("a")) // lost to the one before
	queue(create("c"), grow)        // refused: too large
	queue(table.Write{Kind: table.Delete, Key: key("a"), If: table.IfRevision(1)})
	close(g.open)
	got := map[string]answer{}
	for range 6 {
		a := <-answers
		got[a.sort] = a
	}
	for _, sort := range []string{"first", "large", "a"} {
		if a := got[sort]; a.err != nil || !a.outcome.OK() {
			t.Errorf("%s: %+v, %v", sort, a.outcome, a.err)
		}
	}
	if f, failed := got["b"].outcome.FailedAt(1); !failed || f.Item == nil || string(f.Item.Body) != "a" {
		t.Errorf("the loser was told %+v, %v", got["b"].outcome, got["b"].err)
	}
	if err := got["c"].err; !errors.Is(err, table.ErrItemTooLarge) {
		t.Errorf("the item that grew: %v, want ErrItemTooLarge", err)
	}
	for sort, want := range map[string]bool{"first": true, "large": true, "a": false, "b": false, "c": false} {
		if has(t, b, sort) != want {
			t.Errorf("%s: present %t, want %t", sort, !want, want)
		}
	}
	if s := b.Stats(); s.Groups != 2 {
		t.Errorf("%d commits, want 2", s.Groups)
	}
}

func TestCallerLeaves(t *testing.T) {
	g := newGate()
	b := openNew(t, g.option)
	taken, leaveTaken := context.WithCancel(t.Context())
	queued, leaveQueued := context.WithCancel(t.Context())
	answers := make(chan answer, 2)
	later(taken, b, answers, create("taken"))
	<-g.entered
	later(queued, b, answers, create("queued"))
	until(t, "it is queued", func() bool { return len(b.queue) == 1 })
	leaveTaken() // too late
	leaveQueued()
	if a := <-answers; a.sort != "queued" || !errors.Is(a.err, table.ErrBusy) || !errors.Is(a.err, context.Canceled) {
		t.Errorf("the caller that left: %+v", a)
	}
	close(g.open)
	if a := <-answers; a.err != nil || !a.outcome.OK() {
		t.Errorf("the caller whose writes were under way: %+v", a)
	}
	add(t, b, "next") // the queue has been gone through
	if !has(t, b, "taken") || has(t, b, "queued") {
		t.Errorf("taken present %t, queued present %t", has(t, b, "taken"), has(t, b, "queued"))
	}
}

func TestQueueIsBounded(t *testing.T) {
	g := newGate()
	b := openNew(t, g.option)
	answers := make(chan answer, maxGroup+1)
	later(t.Context(), b, answers, create("first"))
	<-g.entered
	for i := range maxGroup {
		later(t.Context(), b, answers, create(fmt.Sprint(i)))
	}
	until(t, "the queue is full", func() bool { return len(b.queue) == maxGroup })
	short, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := b.Transact(short, create("late")); !errors.Is(err, table.ErrBusy) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("with a full queue: %v, want ErrBusy", err)
	}
	close(g.open)
	for range maxGroup + 1 {
		if a := <-answers; a.err != nil {
			t.Errorf("%s: %v", a.sort, a.err)
		}
	}
	if has(t, b, "late") {
		t.Error("the write that was refused happened")
	}
}

// TestGroupBytes holds that a group ends where its bodies would take much memory.
func TestGroupBytes(t *testing.T) {
	const size, writers = 390 << 10, 60
	g := newGate()
	b := openNew(t, g.option)
	answers := make(chan answer, writers+1)
	later(t.Context(), b, answers, create("first"))
	<-g.entered
	for i := range writers {
		w := create(fmt.Sprint(i))
		w.Body = make([]byte, size)
		later(t.Context(), b, answers, w)
	}
	until(t, "all are queued", func() bool { return len(b.queue) == writers })
	close(g.open)
	for range writers + 1 {
		if a := <-answers; a.err != nil {
			t.Errorf("%s: %v", a.sort, a.err)
		}
	}
	if groups, want := b.Stats().Groups-1, int64(writers*size/(maxGroupBytes+size)); groups < want {
		t.Errorf("%d groups for %d MB, want at least %d", groups, writers*size>>20, want)
	}
}

func TestCloseWaits(t *testing.T) {
	g := newGate()
	b := openNew(t, g.option)
	answers := make(chan answer, 2)
	later(t.Context(), b, answers, create("running"))
	<-g.entered
	later(t.Context(), b, answers, create("queued"))
	until(t, "it is queued", func() bool { return len(b.queue) == 1 })
	var closing sync.WaitGroup
	for range 2 {
		closing.Go(func() {
			if err := b.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	until(t, "the table is closing", func() bool {
		b.gate.RLock()
		defer b.gate.RUnlock()
		return b.gated
	})
	if _, err := b.Transact(t.Context(), create("late")); !errors.Is(err, table.ErrBusy) {
		t.Errorf("Transact while closing: %v, want ErrBusy", err)
	}
	close(g.open)
	for range 2 {
		if a := <-answers; a.err != nil || !a.outcome.OK() {
			t.Errorf("%s: %+v, %v", a.sort, a.outcome, a.err)
		}
	}
	closing.Wait()
	if _, err := b.Get(t.Context(), key("running")); !errors.Is(err, table.ErrBusy) {
		t.Errorf("Get after Close: %v, want ErrBusy", err)
	}
	again := openAt(t, b.path)
	if !has(t, again, "running") || !has(t, again, "queued") || has(t, again, "late") {
		t.Error("not exactly what was answered is in the file")
	}
}
