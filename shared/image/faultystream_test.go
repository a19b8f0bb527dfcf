//go:build cloud

package image

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gander-images/gander/localstack/proxy"
	"github.com/gander-images/gander/shared/due"
	"github.com/gander-images/gander/shared/table"
	"github.com/gander-images/gander/shared/table/dynamo"
)

// ---- P9: whatever the stream does, the end is the same

// A reaper follows the stream, as a function behind a stream mapping does.
type reaper struct {
	stop func()

	mu      sync.Mutex
	changes int
}

func (f *faulty) startReaper() *reaper {
	f.t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	feed := dynamo.Follow(dynamo.Open(f.config, f.place.Table, dynamo.WithLog(quiet), hasty), f.config)
	ctx, cancel := context.WithCancel(f.t.Context())
	r := &reaper{}
	ended := make(chan error, 1)
	go func() {
		ended <- feed.Changes(ctx, "reaper", func(ctx context.Context, changes []table.Change) (int, error) {
			done, _ := f.runner.React(ctx, changes) // what failed comes again
			r.mu.Lock()
			defer r.mu.Unlock()
			r.changes += done
			return done, nil
		})
	}()
	r.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			f.t.Errorf("the reaper ended: %v", err)
		}
	})
	f.t.Cleanup(r.stop)
	return r
}

func (r *reaper) delivered() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.changes
}

// lives makes images in every state that leaves work, all of it due.
func (f *faulty) lives() map[string]Status {
	f.service.Retention = 0
	ends := manyLives(f.world)
	f.advance(time.Hour)
	return ends
}

// undone tells, without the proxy, what is not yet as it must come to be.
func (f *faulty) undone(ends map[string]Status) []string {
	f.t.Helper()
	var undone []string
	for id, want := range ends {
		items, err := f.table.Get(f.t.Context(), Key(id))
		if err != nil {
			f.t.Fatal(err)
		}
		img, err := decode(items[0])
		if err != nil {
			f.t.Fatal(err)
		}
		if img.Status != want {
			undone = append(undone, fmt.Sprintf("image %s, which becomes %s", describe(img), want))
		}
	}
	for _, kind := range []string{LeaseKind, PartsKind, PurgeKind} {
		later := due.New(kind, f.now().Add(time.Microsecond), "", nil).Key() // of what is not due
		page, err := f.table.Query(f.t.Context(), table.Query{Partition: later.Partition, Limit: 1})
		if err != nil {
			f.t.Fatal(err)
		}
		if len(page.Items) > 0 && page.Items[0].Sort < later.Sort {
			undone = append(undone, "due: "+page.Items[0].Partition+" "+page.Items[0].Sort)
		}
	}
	return undone
}

// reaped plays images' lives, and has the stream alone, under the rules, bring
// all to its end.
func reaped(t *testing.T, shards int, rules ...proxy.Rule) {
	t.Helper()
	f := newFollowed(t, shards)
	ends := f.lives()
	for _, r := range rules {
		f.inject(r)
	}
	r := f.startReaper()
	f.eventually("the stream brings all to its end", func() bool { return len(f.undone(ends)) == 0 })
	f.eventually("every fault has struck", func() bool { return f.allStruck() })
	r.stop()
	f.settle()
	if undone := f.undone(ends); len(undone) > 0 {
		t.Errorf("in the end: %s", strings.Join(undone, "; "))
	}
}

func (f *faulty) allStruck() bool {
	for _, r := range f.rules {
		if r.Count() == 0 {
			return false
		}
	}
	return true
}

func TestP9DuplicatedRecords(t *testing.T) { reaped(t, 0, each(1, proxy.Duplicated, anyRead)) }

func TestP9ReorderedRecords(t *testing.T) {
	for seed := range uint64(5) {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			rule := each(1, proxy.Reordered, anyRead)
			rule.Seed = seed
			reaped(t, 0, rule)
		})
	}
}

// TestP9ManyShards has items overtake each other: each shard comes late in turn.
func TestP9ManyShards(t *testing.T) { reaped(t, 4, each(3, proxy.Withheld, anyRead)) }

func TestP9LateRecords(t *testing.T) {
	reaped(t, 0, proxy.Rule{Match: anyRead, Fault: proxy.Withheld, Times: 6})
}

func TestP9ExpiredIterator(t *testing.T) {
	reaped(t, 0, proxy.Rule{Match: anyRead, Fault: proxy.IteratorExpired, Every: 2, Times: 5})
}

func TestP9TrimmedRecords(t *testing.T) {
	reaped(t, 0, proxy.Rule{Match: anyRead, Fault: proxy.Trimmed, Every: 2, Times: 3})
}

func TestP9Throttled(t *testing.T) {
	reaped(t, 2, each(3, proxy.Throttled, anyStream), each(4, proxy.RateLimited, anyStream))
}
func TestP9AnswersLost(t *testing.T) { reaped(t, 0, each(2, proxy.AnswerLost, anyStream)) }

func TestP9AnswerSilent(t *testing.T) {
	reaped(t, 0, proxy.Rule{Match: anyRead, Fault: proxy.AnswerSilent, Skip: 1})
}

func TestP9ServerErrors(t *testing.T) {
	reaped(t, 0, each(2, proxy.FailedAfter, anyStream), each(3, proxy.Failed, anyStream))
}

func TestP9ConnectionsCut(t *testing.T) {
	reaped(t, 0, each(2, proxy.CutBefore, anyStream), each(5, proxy.AnswerCut, anyStream))
}

func TestP9ReaperConflicts(t *testing.T) {
	reaped(t, 0, each(2, proxy.Conflicted, anyWrite), each(3, proxy.AnswerLost, anyWrite), each(1, proxy.Duplicated, anyRead))
}

// TestP9Redelivered kills the reaper before its position is written, and goes on
// with the images. Then everything is delivered again, to a world in which it was
// done long ago.
func TestP9Redelivered(t *testing.T) {
	f := newFollowed(t, 0)
	ends := f.lives()
	f.inject(proxy.Rule{Match: proxy.Match{Operation: "TransactWriteItems", Item: "deployment/consumer#"}, Fault: proxy.CutBefore, Times: proxy.Always})
	first := f.startReaper()
	f.eventually("the first reaper ends its work", func() bool { return len(f.undone(ends)) == 0 })
	first.stop()
	f.heal()
	for id, end := range ends {
		if end == Queued {
			if err := f.upload(f.mustGet(id), strings.NewReader("a new try")); err != nil {
				t.Fatal(err)
			}
			ends[id] = Active
		}
	}
	second := f.startReaper()
	f.eventually("all is delivered again", func() bool { return second.delivered() >= first.delivered() })
	second.stop()
	if undone := f.undone(ends); len(undone) > 0 {
		t.Errorf("after the second delivery: %s", strings.Join(undone, "; "))
	}
	f.settle()
}

// TestOneConsumerOff holds that the stream alone and the sweeper alone come to the
// same end: the same images, entries, bytes and parts.
func TestOneConsumerOff(t *testing.T) {
	for name, run := range map[string]func(*faulty, map[string]Status){
		"sweeper": func(f *faulty, ends map[string]Status) {
			r := f.startReaper()
			f.eventually("the stream alone does all", func() bool { return len(f.undone(ends)) == 0 })
			r.stop()
		},
		"stream": func(f *faulty, _ map[string]Status) {
			f.sweep()
			f.sweep() // what the first one made due
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFollowed(t, 0)
			ends := f.lives()
			run(f, ends)
			if undone := f.undone(ends); len(undone) > 0 {
				t.Errorf("without the %s: %s", name, strings.Join(undone, "; "))
			}
			f.audit()
			f.wantNothingHidden()
		})
	}
}
