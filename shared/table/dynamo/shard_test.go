package dynamo

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/table"
)

// TestParentsBeforeChildren follows an item through three generations of shards,
// listed in any order, of which two are closed.
func TestParentsBeforeChildren(t *testing.T) {
	s := newStream(t)
	s.shard("grandchild", "child")
	s.shard("root", "forgotten long ago")
	s.shard("child", "root")
	s.write("root", "a1", "a2", "a3")
	s.write("child", "a4", "a5")
	s.write("grandchild", "a6")
	s.shut("root")
	s.shut("child")
	got := s.follow(t, 6)
	if sorts := sortsOf(got); sorts != "a1 a2 a3 a4 a5 a6" {
		t.Errorf("delivered %s", sorts)
	}
	for i := range got[1:] {
		if got[i].Sequence >= got[i+1].Sequence {
			t.Errorf("sequence %q before %q", got[i].Sequence, got[i+1].Sequence)
		}
	}
}

// TestShardsComeAndGo splits a shard while it is followed, and forgets it later.
func TestShardsComeAndGo(t *testing.T) {
	s := newStream(t)
	s.shard("old", "")
	s.write("old", "o1")
	var got []table.Change
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	err := Follow(s.open(0), s.config()).Changes(ctx, "c", func(_ context.Context, changes []table.Change) (int, error) {
		switch got = append(got, changes...); sortsOf(got) {
		case "o1":
			s.write("old", "o2")
			s.shard("new", "old")
			s.write("new", "n1")
			s.shut("old")
		case "o1 o2 n1":
			cancel()
		}
		return len(changes), nil
	})
	if err != nil || sortsOf(got) != "o1 o2 n1" {
		t.Fatalf("delivered %s, %v", sortsOf(got), err)
	}
	s.mu.Lock()
	s.shards = s.shards[1:]
	s.mu.Unlock()
	s.shut("new")
	s.shard("newest", "new")
	s.write("newest", "w1")
	s.follow(t, 1)
	if d := s.kept(); len(d.Shards) != 2 || d.Shards["newest"].After == "" {
		t.Errorf("position %+v: the shard that is gone is still in it", d)
	}
}

// TestIteratorsExpire between every two reads.
func TestIteratorsExpire(t *testing.T) {
	s := newStream(t)
	s.shard("one", "")
	s.write("one", "a1", "a2", "a3", "a4", "a5")
	var got []table.Change
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	err := Follow(s.open(0), s.config()).Changes(ctx, "c", func(_ context.Context, changes []table.Change) (int, error) {
		s.change("one", func(shard *streamShard) { shard.expired = shard.iterators })
		if got = append(got, changes...); len(got) >= 5 {
			cancel()
		}
		return len(changes), nil
	})
	if err != nil || sortsOf(got) != "a1 a2 a3 a4 a5" {
		t.Errorf("delivered %s, %v", sortsOf(got), err)
	}
}

// TestTrimmedPositions come back after more than a day: everything that is still
// kept is delivered, and the loss is told once.
func TestTrimmedPositions(t *testing.T) {
	s := newStream(t)
	s.page = 10
	for _, id := range []string{"left", "right"} {
		s.shard(id, "")
		s.write(id, id+"1", id+"2")
	}
	s.follow(t, 4)
	for _, id := range []string{"left", "right"} {
		s.write(id, id+"3", id+"4", id+"5")
		s.change(id, func(shard *streamShard) { shard.trimmed = len(shard.records) - 2 })
	}
	d, log := s.openLogged(time.Second)
	got, err := s.take(t, d, 4)
	sorts := sortsOf(got)
	if err != nil || sorts != "left4 left5 right4 right5" && sorts != "right4 right5 left4 left5" {
		t.Errorf("delivered %s, %v", sorts, err)
	}
	if lines := log.lines(); len(lines) != 1 || !strings.Contains(lines[0], "given up unread") {
		t.Errorf("logged %q", lines)
	}
}

// TestRecordsOfNoVersion are passed over, and told.
func TestRecordsOfNoVersion(t *testing.T) {
	s := newStream(t)
	s.page = 10
	s.shard("one", "")
	s.write("one", "a1")
	s.change("one", func(shard *streamShard) {
		s.add(shard, stored(object{"rev": object{"S": "one"}}))
		s.add(shard, object{})
	})
	s.write("one", "a2")
	d, log := s.openLogged(time.Second)
	if got, err := s.take(t, d, 2); err != nil || sortsOf(got) != "a1 a2" {
		t.Errorf("delivered %s, %v", sortsOf(got), err)
	}
	if lines := log.lines(); len(lines) != 2 || !strings.Contains(fmt.Sprint(lines), "cannot be read") {
		t.Errorf("logged %q", lines)
	}
}
