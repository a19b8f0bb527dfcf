package dynamo

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"

	"github.com/gander-images/gander/shared/table"
)

var _ table.Feed = (*Feed)(nil)

// A Feed delivers a table's changes by polling its stream: what a stream mapping
// does for a function, for clouds that have none. DynamoDB keeps changes for 24
// hours.
//
// The position of a consumer is an item of the table, consumer#<name> in the
// partition deployment. Changes of such items are never delivered, and never
// cause another position to be written.
type Feed struct {
	table   *Table
	streams *dynamodbstreams.Client

	mu      sync.Mutex
	running map[string]bool
}

// Follow returns the feed of a table. It does not call AWS.
func Follow(t *Table, cfg aws.Config) *Feed {
	return &Feed{
		table:   t,
		running: make(map[string]bool),
		streams: dynamodbstreams.NewFromConfig(cfg, func(o *dynamodbstreams.Options) {
			o.Retryer, o.RetryMaxAttempts = aws.NopRetryer{}, 0 // retry.go does it
			o.APIOptions = append(o.APIOptions, watch)
		}),
	}
}

// Pauses between polls, which grow while nothing is found, and before a handler
// that did nothing is called again.
const (
	idleFirst = 20 * time.Millisecond
	idleMost  = time.Second
)

// Changes implements table.Feed. While DynamoDB is out of reach it waits; a table
// without a stream of both images, or not for us, ends it with
// table.ErrUnusable. Several processes may follow as one consumer: all get every
// change, and the position never goes back.
func (f *Feed) Changes(ctx context.Context, consumer string, handle table.Handler) error {
	if consumer == "" || len(consumer) > 255 || !utf8.ValidString(consumer) {
		return fmt.Errorf("%w: consumer %q", table.ErrInvalid, consumer)
	}
	if !f.start(consumer) {
		return fmt.Errorf("%w: consumer %s runs already", table.ErrInvalid, consumer)
	}
	defer f.end(consumer)
	r := &follower{Feed: f, checkpoint: newCheckpoint(f.table, consumer), handle: handle}
	err := r.run(ctx)
	r.keepLast(ctx)
	if ctx.Err() != nil && (err == nil || errors.Is(err, ctx.Err()) || errors.Is(err, errReading)) {
		return nil
	}
	return err
}

func (f *Feed) start(consumer string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.running[consumer] {
		return false
	}
	f.running[consumer] = true
	return true
}

func (f *Feed) end(consumer string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.running, consumer)
}

// A follower is one run of Changes.
type follower struct {
	*Feed
	*checkpoint
	handle table.Handler

	shards  []*shard // in the stream's order
	known   map[string]*shard
	listed  time.Time // when they were
	behind  bool      // there is more than was delivered in this round
	silent  bool      // that DynamoDB is out of reach has been told
	trimmed bool      // that changes were lost has been told
}

// run follows until ctx ends or something fails for good.
func (r *follower) run(ctx context.Context) error {
	idle := idleFirst
	for ctx.Err() == nil {
		moved, err := r.round(ctx)
		if err = r.bear(ctx, err); err != nil {
			return err
		}
		r.keepSometimes(ctx)
		if moved {
			idle = idleFirst
		}
		if r.behind {
			continue
		}
		pause(ctx, idle)
		idle = min(2*idle, idleMost)
	}
	return nil
}

// round gives every shard that may be read one turn. It reports whether anything
// moved.
func (r *follower) round(ctx context.Context) (moved bool, err error) {
	r.behind = false
	if err := r.prepare(ctx); err != nil {
		return false, fmt.Errorf("%w: %w", errReading, err)
	}
	for _, s := range r.shards {
		if !r.readable(s) || ctx.Err() != nil {
			continue
		}
		did, err := r.turn(ctx, s)
		if moved = moved || did; err != nil {
			return moved, err
		}
	}
	return moved, nil
}

// prepare makes sure of the position and of the shards.
func (r *follower) prepare(ctx context.Context) error {
	if err := r.load(ctx); err != nil || time.Since(r.listed) < listEvery {
		return err
	}
	return r.list(ctx)
}

// bear takes an error that time may heal as a pause, and tells of it once.
func (r *follower) bear(ctx context.Context, err error) error {
	switch {
	case err == nil:
		r.silent = false
		return nil
	case ctx.Err() != nil || !errors.Is(err, errReading):
		return err
	case !errors.Is(err, table.ErrBusy) && !errors.Is(err, table.ErrUnknown):
		return err
	case !r.silent:
		r.silent = true
		r.table.settings.log.WarnContext(ctx, "the table's stream is out of reach; trying on", "error", err)
	}
	return nil
}

// errReading marks errors of our own reading, as against a handler's.
var errReading = errors.New("following the table's stream")

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
