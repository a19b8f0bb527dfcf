package bolt

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gander-images/gander/shared/table"
)

// A clock is moved by the test, between calls.
type clock struct{ now time.Time }

func (c *clock) option(s *settings) { s.now = func() time.Time { return c.now } }

func newClock() *clock { return &clock{time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)} }

// drain consumes until a change of the item has been seen.
func drain(t *testing.T, b *Table, consumer, last string) (seen []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	err := b.Changes(ctx, consumer, func(_ context.Context, changes []table.Change) (int, error) {
		for _, c := range changes {
			if seen = append(seen, c.Key().Sort); c.Key().Sort == last {
				cancel()
			}
		}
		return len(changes), nil
	})
	if err != nil || !slices.Contains(seen, last) {
		t.Fatalf("saw %v, not %s: %v", seen, last, err)
	}
	return seen
}

func TestDoneChangesGo(t *testing.T) {
	b := openNew(t)
	add(t, b, "1", "2", "3")
	drain(t, b, "a", "3")
	add(t, b, "4")
	if got := kept(t, b); !slices.Equal(got, []uint64{4}) {
		t.Errorf("kept %v after the only consumer had done 3", got)
	}
	drain(t, b, "b", "4") // a new consumer begins with the oldest kept
	add(t, b, "5")
	drain(t, b, "b", "5")
	add(t, b, "6")
	if got := kept(t, b); !slices.Equal(got, []uint64{4, 5, 6}) {
		t.Errorf("kept %v, but a has not done 4", got)
	}
	if seen := drain(t, b, "a", "6"); !slices.Equal(seen, []string{"4", "5", "6"}) {
		t.Errorf("a saw %v", seen)
	}
	drain(t, b, "b", "6")
	add(t, b, "7")
	if got := kept(t, b); !slices.Equal(got, []uint64{7}) {
		t.Errorf("kept %v after both had done 6", got)
	}
	if n := b.Stats().Dropped; n != 0 {
		t.Errorf("%d changes dropped", n)
	}
}

func TestOldChangesGo(t *testing.T) {
	c := newClock()
	b := openNew(t, c.option)
	add(t, b, "1", "2")
	drain(t, b, "a", "2")
	add(t, b, "3")
	c.now = c.now.Add(23 * time.Hour)
	add(t, b, "4")
	if got := kept(t, b); !slices.Equal(got, []uint64{3, 4}) {
		t.Errorf("kept %v after 23 hours", got)
	}
	c.now = c.now.Add(2 * time.Hour)
	add(t, b, "5")
	if got := kept(t, b); !slices.Equal(got, []uint64{4, 5}) {
		t.Errorf("kept %v after 25 hours", got)
	}
	if n := b.Stats().Dropped; n != 1 {
		t.Errorf("%d changes dropped, want 1", n)
	}
	if seen := drain(t, b, "a", "5"); !slices.Equal(seen, []string{"4", "5"}) {
		t.Errorf("a saw %v", seen)
	}
}

// TestClosedTimeDoesNotCount holds that a machine which was off for a weekend
// loses no changes.
func TestClosedTimeDoesNotCount(t *testing.T) {
	c := newClock()
	b := openNew(t, c.option)
	add(t, b, "1")
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	c.now = c.now.Add(72 * time.Hour)
	b = openAt(t, b.path, c.option)
	add(t, b, "2")
	c.now = c.now.Add(23 * time.Hour)
	add(t, b, "3")
	if seen := drain(t, b, "a", "3"); !slices.Equal(seen, []string{"1", "2", "3"}) {
		t.Errorf("a saw %v", seen)
	}
}

// TestFeedIsBounded writes far more than the limit, with no consumer, with
// one that never comes back, and in groups of many.
func TestFeedIsBounded(t *testing.T) {
	const limit, writes, size = 256 << 10, 2000, 2000
	b := openNew(t, WithoutSync(), WithFeedLimits(24*time.Hour, limit))
	write := func() {
		for i := range writes {
			w := table.Write{Kind: table.Put, Key: key("x"), Body: make([]byte, size), Schema: i, If: table.IfWithin("n", 0, 0)}
			if outcome, err := b.Transact(t.Context(), w); err != nil || !outcome.OK() {
				t.Fatal(outcome, err)
			}
		}
	}
	check := func(what string) {
		// Each change holds the old item and the new one.
		if n := len(kept(t, b)); n > limit/(2*size)+1 || n < limit/(2*size+200)-1 {
			t.Errorf("%s: %d changes kept in %d bytes", what, n, limit)
		}
	}
	write()
	check("no consumer")
	ended, cancel := context.WithCancel(t.Context())
	err := b.Changes(ended, "gone", func(context.Context, []table.Change) (int, error) {
		cancel()
		return 0, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	before := b.Stats().Dropped
	write()
	check("a consumer that does not come back")
	if b.Stats().Dropped-before < writes/2 {
		t.Errorf("%d changes dropped", b.Stats().Dropped-before)
	}
	info, err := os.Stat(b.path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > growth+8*limit {
		t.Errorf("the file has %d bytes", info.Size())
	}
}

// copied is the file as a power cut would leave it now.
func copied(t *testing.T, b *Table) string {
	t.Helper()
	data, err := os.ReadFile(b.path)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "copy")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestPositionGoesToDisk holds that a position gets there while the consumer
// goes on, without any write to go along with; and that until then changes are
// delivered again.
func TestPositionGoesToDisk(t *testing.T) {
	b := openNew(t)
	add(t, b, "1", "2")
	ctx, cancel := context.WithCancel(t.Context())
	handled, ended := make(chan struct{}, 1), make(chan error)
	go func() {
		ended <- b.Changes(ctx, "a", func(_ context.Context, changes []table.Change) (int, error) {
			handled <- struct{}{}
			return len(changes), nil
		})
	}()
	<-handled
	until(t, "the position is written", func() bool { return b.Stats().Groups == 3 && !b.feeds.due() })
	crashed := openAt(t, copied(t, b))
	add(t, crashed, "3")
	if seen := drain(t, crashed, "a", "3"); !slices.Equal(seen, []string{"3"}) {
		t.Errorf("after the position was written a saw %v", seen)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestPositionIsKeptAtTheEnd holds that a position is on disk when Changes
// returns.
func TestPositionIsKeptAtTheEnd(t *testing.T) {
	b := openNew(t)
	add(t, b, "1", "2")
	drain(t, b, "a", "2")
	crashed := openAt(t, copied(t, b))
	add(t, crashed, "3")
	if seen := drain(t, crashed, "a", "3"); !slices.Equal(seen, []string{"3"}) {
		t.Errorf("a saw %v", seen)
	}
}

// TestNoChangeIsMissed writes at the very moment in which the consumer is
// about to wait.
func TestNoChangeIsMissed(t *testing.T) {
	b := openNew(t, WithoutSync())
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	handled, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- b.Changes(ctx, "a", func(_ context.Context, changes []table.Change) (int, error) {
			handled <- struct{}{}
			return len(changes), nil
		})
	}()
	for i := range 5000 {
		add(t, b, fmt.Sprint(i))
		select {
		case <-handled:
		case <-ctx.Done():
			t.Fatalf("change %d was not delivered", i)
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestCrashInTheHandler copies the file while a handler is at work.
func TestCrashInTheHandler(t *testing.T) {
	b := openNew(t)
	add(t, b, "1", "2")
	var path string
	stop := errors.New("stop")
	err := b.Changes(t.Context(), "a", func(_ context.Context, changes []table.Change) (int, error) {
		path = copied(t, b)
		return len(changes), stop
	})
	if !errors.Is(err, stop) {
		t.Fatal(err)
	}
	if seen := drain(t, openAt(t, path), "a", "2"); !slices.Equal(seen, []string{"1", "2"}) {
		t.Errorf("after the crash a saw %v", seen)
	}
}

// TestPositionsShareCommits holds that a busy consumer costs few commits.
func TestPositionsShareCommits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := openNew(t, WithoutSync())
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() {
			ended <- b.Changes(ctx, "a", func(_ context.Context, changes []table.Change) (int, error) { return len(changes), nil })
		}()
		const writes = 100
		for i := range writes {
			add(t, b, fmt.Sprint(i))
			synctest.Wait() // the consumer has handled it
		}
		if n := b.Stats().Groups; n > writes+1 {
			t.Errorf("%d commits for %d writes", n, writes)
		}
		time.Sleep(time.Second) // in the bubble's own time
		if n := b.Stats().Groups; b.feeds.due() || n > writes+2 {
			t.Errorf("a second later: %d commits, position waits %t", n, b.feeds.due())
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestIdleHandler holds that a handler which does nothing is not called in a
// hurry, but is called again.
func TestIdleHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := openNew(t, WithoutSync())
		add(t, b, "1")
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		calls := 0
		if err := b.Changes(ctx, "a", func(context.Context, []table.Change) (int, error) {
			calls++
			return 0, nil
		}); err != nil {
			t.Error(err)
		}
		if calls < 60 || calls > 70 {
			t.Errorf("%d calls in a minute, want about 66: soon at first, then one a second", calls)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestChangesRefuses(t *testing.T) {
	b := openNew(t, WithoutSync())
	add(t, b, "1")
	none := func(_ context.Context, changes []table.Change) (int, error) { return len(changes), nil }
	for _, name := range []string{"", "\xff", string(make([]byte, 256))} {
		if err := b.Changes(t.Context(), name, none); !errors.Is(err, table.ErrInvalid) {
			t.Errorf("consumer %q: %v, want ErrInvalid", name, err)
		}
	}
	entered, ended := make(chan struct{}), make(chan error)
	go func() {
		ended <- b.Changes(t.Context(), "a", func(ctx context.Context, _ []table.Change) (int, error) {
			entered <- struct{}{}
			<-ctx.Done() // ended by Close
			return 0, ctx.Err()
		})
	}()
	<-entered
	if err := b.Changes(t.Context(), "a", none); !errors.Is(err, table.ErrInvalid) {
		t.Errorf("the same consumer twice: %v, want ErrInvalid", err)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; !errors.Is(err, table.ErrBusy) {
		t.Errorf("Changes ended by Close: %v, want ErrBusy", err)
	}
	if err := b.Changes(t.Context(), "b", none); !errors.Is(err, table.ErrBusy) {
		t.Errorf("Changes after Close: %v, want ErrBusy", err)
	}
}
