package dynamo

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/table"
)

// TestPositionOutlivesTheRun resumes where the run before ended, in each shard,
// and does not read again what is through.
func TestPositionOutlivesTheRun(t *testing.T) {
	s := newStream(t)
	s.shard("old", "")
	s.shard("left", "old")
	s.shard("right", "old")
	s.write("old", "o1", "o2")
	s.write("left", "l1", "l2", "l3")
	s.write("right", "r1")
	s.shut("old")
	s.follow(t, 6)
	d := s.kept()
	if left := d.Shards["left"].After; d.Stream != "arn:1" || !d.Shards["old"].Done || left != "12" && left != "14" || d.Shards["right"].After != "13" {
		t.Errorf("position %+v", d) // 14 is a position's own record
	}
	s.write("left", "l4")
	s.write("right", "r2")
	before := len(s.requests("GetShardIterator"))
	got := s.follow(t, 2)
	if sorts := sortsOf(got); sorts != "l4 r2" && sorts != "r2 l4" {
		t.Errorf("delivered %s", sorts)
	}
	for _, r := range s.requests("GetShardIterator")[before:] {
		if strings.Contains(r.body, `"old"`) {
			t.Errorf("asked again: %s", r.body)
		}
	}
}

// TestPartOfABatchIsKept has a handler do one change of a batch and end: the next
// run gets the others.
func TestPartOfABatchIsKept(t *testing.T) {
	s, stop := newStream(t), errors.New("stop")
	s.page = 10
	s.shard("one", "")
	s.write("one", "a1", "a2", "a3")
	err := Follow(s.open(0), s.config()).Changes(t.Context(), "c", func(_ context.Context, changes []table.Change) (int, error) {
		if len(changes) != 3 {
			t.Errorf("a batch of %s", sortsOf(changes))
		}
		return 1, stop
	})
	if !errors.Is(err, stop) {
		t.Errorf("ended with %v", err)
	}
	if got := s.follow(t, 2); sortsOf(got) != "a2 a3" {
		t.Errorf("then %s", sortsOf(got))
	}
}

// TestOwnPositionsCauseNone looks at a feed that has nothing but the record of
// its own position to read.
func TestOwnPositionsCauseNone(t *testing.T) {
	t.Parallel()
	s := newStream(t)
	s.shard("one", "")
	s.write("one", "a1", "a2", "a3")
	ctx, cancel := context.WithTimeout(t.Context(), keepEvery*5/2)
	defer cancel()
	var got []table.Change
	err := Follow(s.open(0), s.config()).Changes(ctx, "c", func(_ context.Context, changes []table.Change) (int, error) {
		got = append(got, changes...)
		return len(changes), nil
	})
	if err != nil || sortsOf(got) != "a1 a2 a3" {
		t.Errorf("delivered %s, %v", sortsOf(got), err)
	}
	// One at the first change, one when the others were a second old.
	if n := s.keeps(); n > 2 {
		t.Errorf("the position was written %d times: %q", n, s.writes)
	}
	if polls := len(s.requests("GetRecords")); polls < 4 || polls > 25 {
		t.Errorf("%d polls in %s", polls, keepEvery*5/2)
	}
	before := s.keeps()
	s.write("one", "a4")
	if s.follow(t, 1); s.keeps() != before+1 {
		t.Errorf("the position was written %d times for one change", s.keeps()-before)
	}
}

// TestPositionNeverGoesBack has two processes follow as one consumer, the second
// of which comes further before the first writes its position down.
func TestPositionNeverGoesBack(t *testing.T) {
	s := newStream(t)
	s.page = 10
	s.shard("one", "")
	s.shard("two", "")
	s.write("one", "a1")
	s.write("two", "b1")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	err := Follow(s.open(0), s.config()).Changes(ctx, "c", func(_ context.Context, changes []table.Change) (int, error) {
		if changes[0].Key().Sort == "a1" {
			s.write("one", "a2", "a3")
			s.follow(t, 4) // another process, with all of it
			return len(changes), nil
		}
		cancel()
		return 0, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if d := s.kept(); d.Shards["one"].After != "11" || d.Shards["two"].After != "9" {
		t.Errorf("the position went back to %+v", d)
	}
}

// TestPositionIsKeptSometimes has many small batches in a row.
func TestPositionIsKeptSometimes(t *testing.T) {
	s, start := newStream(t), time.Now()
	s.shard("one", "")
	for range 30 {
		s.write("one", "a", "b")
	}
	s.follow(t, 60)
	if most := 2 + int(time.Since(start)/keepEvery); s.keeps() > most {
		t.Errorf("the position of 30 batches was written %d times in %s", s.keeps(), time.Since(start))
	}
}
