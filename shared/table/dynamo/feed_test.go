package dynamo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/table"
)

// follow consumes as "c" until n changes were delivered.
func (s *stream) follow(t *testing.T, n int) []table.Change {
	t.Helper()
	got, err := s.take(t, s.open(0), n)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != n {
		t.Fatalf("%d changes: %s, want %d", len(got), sortsOf(got), n)
	}
	return got
}

func (s *stream) take(t *testing.T, d *Table, n int) (got []table.Change, err error) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	err = Follow(d, s.config()).Changes(ctx, "c", func(_ context.Context, changes []table.Change) (int, error) {
		got = append(got, changes...)
		if len(got) >= n {
			cancel()
		}
		return len(changes), nil
	})
	return got, err
}

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

// logged collects what is logged.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) lines() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Split(strings.TrimSuffix(l.b.String(), "\n"), "\n")
}

func (s *stream) openLogged(patience time.Duration) (*Table, *logged) {
	var l logged
	return Open(s.config(), "tab", WithPatience(patience), WithLog(slog.New(slog.NewTextHandler(&l, nil)))), &l
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

// TestOutage waits while DynamoDB is away, and tells of it once.
func TestOutage(t *testing.T) {
	t.Parallel()
	s := newStream(t)
	s.shard("one", "")
	s.write("one", "a1", "a2", "a3")
	for range 12 {
		s.then("GetRecords", cut)
	}
	d, log := s.openLogged(50 * time.Millisecond)
	if got, err := s.take(t, d, 3); err != nil || sortsOf(got) != "a1 a2 a3" {
		t.Errorf("delivered %s, %v", sortsOf(got), err)
	}
	if lines := log.lines(); len(lines) != 1 || !strings.Contains(lines[0], "out of reach") {
		t.Errorf("logged %q", lines)
	}
}

// TestFeedEnds tells what ends a feed: its handler, its context, and a table that
// cannot be followed.
func TestFeedEnds(t *testing.T) {
	t.Parallel()
	stop := errors.New("stop")
	for name, c := range map[string]struct {
		spoil func(*stream)
		want  error
	}{
		"handler":        {func(*stream) {}, stop},
		"no stream":      {func(s *stream) { s.arn = "" }, table.ErrUnusable},
		"half a stream":  {func(s *stream) { s.view = "KEYS_ONLY" }, table.ErrUnusable},
		"no table":       {func(s *stream) { s.ever("DescribeTable", fail(400, "ResourceNotFoundException", "")) }, table.ErrUnusable},
		"no leave":       {func(s *stream) { s.ever("GetRecords", fail(400, "AccessDeniedException", "")) }, table.ErrUnusable},
		"stream is gone": {func(s *stream) { s.ever("GetRecords", fail(400, "ResourceNotFoundException", "")) }, table.ErrUnusable},
		"newer position": {func(s *stream) {
			newer := positionItem("{}", 1)
			newer["v"] = object{"N": "2"}
			s.ever("GetItem", answer(object{"Item": newer}))
		}, table.ErrUnusable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStream(t)
			s.shard("one", "")
			s.write("one", "a1")
			c.spoil(s)
			err := Follow(s.open(0), s.config()).Changes(t.Context(), "c", func(context.Context, []table.Change) (int, error) { return 0, stop })
			if !errors.Is(err, c.want) {
				t.Errorf("ended with %v, want %v", err, c.want)
			}
		})
	}
}

// TestFeedStopsAtOnce also in the middle of a pause or of a request.
func TestFeedStopsAtOnce(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*stream){"pause": func(*stream) {}, "request": func(s *stream) { s.ever("GetRecords", hang) }} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStream(t)
			s.shard("one", "")
			spoil(s)
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error)
			go func() { ended <- Follow(s.open(0), s.config()).Changes(ctx, "c", nil) }()
			time.Sleep(1400 * time.Millisecond) // by now a pause is a second long
			start := time.Now()
			cancel()
			if err := <-ended; err != nil || time.Since(start) > 400*time.Millisecond {
				t.Errorf("%v after %s", err, time.Since(start))
			}
		})
	}
}

// TestOneRunForEachConsumer refuses a second one in the same process.
func TestOneRunForEachConsumer(t *testing.T) {
	s := newStream(t)
	s.shard("one", "")
	s.write("one", "a1")
	f := Follow(s.open(0), s.config())
	ctx, cancel := context.WithCancel(t.Context())
	err := f.Changes(ctx, "c", func(ctx context.Context, changes []table.Change) (int, error) {
		if err := f.Changes(ctx, "c", nil); !errors.Is(err, table.ErrInvalid) {
			t.Errorf("a second run: %v", err)
		}
		cancel()
		return len(changes), nil
	})
	if err != nil {
		t.Error(err)
	}
	for _, name := range []string{"", "\xff", strings.Repeat("x", 256)} {
		if err := f.Changes(t.Context(), name, nil); !errors.Is(err, table.ErrInvalid) {
			t.Errorf("consumer %q: %v", name, err)
		}
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
