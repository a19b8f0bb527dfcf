package dynamo

import (
	"bytes"
	"context"
	"errors"
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
