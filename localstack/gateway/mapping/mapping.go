// Package mapping does the work of an event source mapping between a DynamoDB
// stream and a function: it reads the shards, oldest first, drops what no filter
// wants, hands over batches, tries them again as the mapping's settings say, and
// puts what was given up on aside.
//
// Source: AWS Lambda Developer Guide, "Using AWS Lambda with Amazon DynamoDB",
// parameters for event source mappings.
package mapping

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"github.com/gander-images/gander/localstack/gateway/pattern"
)

// Settings are what a template says of a mapping.
type Settings struct {
	Stream      string // ARN
	Function    string // ARN, for reports of failures
	Latest      bool   // begin with what comes, not with what is there
	BatchSize   int    // most records of an event
	Filters     []*pattern.Pattern
	Partial     bool          // the function reports the first record that it failed on
	Bisect      bool          // halve a batch that failed
	Retries     int           // of a batch; negative: until its records are too old
	RecordAge   time.Duration // 0: as long as the stream keeps them
	Destination bool          // what was given up on is put aside, not only left out
}

// Streams is what is asked of the SDK's client.
type Streams interface {
	DescribeStream(context.Context, *dynamodbstreams.DescribeStreamInput, ...func(*dynamodbstreams.Options)) (*dynamodbstreams.DescribeStreamOutput, error)
	GetShardIterator(context.Context, *dynamodbstreams.GetShardIteratorInput, ...func(*dynamodbstreams.Options)) (*dynamodbstreams.GetShardIteratorOutput, error)
	GetRecords(context.Context, *dynamodbstreams.GetRecordsInput, ...func(*dynamodbstreams.Options)) (*dynamodbstreams.GetRecordsOutput, error)
}

// Invoke hands an event to the function. failed says that the function did.
type Invoke func(ctx context.Context, event []byte) (answer []byte, failed bool, err error)

// Options are what a mapping needs of the place where it runs.
type Options struct {
	Streams Streams
	Invoke  Invoke
	Log     *slog.Logger

	// GaveUp gets each message about what was given up on, as the destination does;
	// nil: nobody does.
	GaveUp func(message []byte)

	// Every is how long to wait at the end of a shard; AWS asks four times a
	// second.
	Every time.Duration
}

// A Mapping is a mapping at work.
type Mapping struct {
	settings Settings
	options  Options
	stop     context.CancelFunc
	running  sync.WaitGroup

	mutex     sync.Mutex
	seen      map[string]bool // shards: true when read to their end
	failures  []json.RawMessage
	delivered int
}

// Start begins to read the stream.
func Start(s Settings, o Options) *Mapping {
	if o.Every == 0 {
		o.Every = 250 * time.Millisecond
	}
	if s.BatchSize == 0 {
		s.BatchSize = 100
	}
	ctx, stop := context.WithCancel(context.Background())
	m := &Mapping{settings: s, options: o, stop: stop, seen: make(map[string]bool)}
	m.running.Go(func() { m.run(ctx) })
	return m
}

// Stop ends the reading; a batch that is being worked on is not waited for.
func (m *Mapping) Stop() {
	m.stop()
	m.running.Wait()
}

// Failures are the messages about what was given up on, in the form in which a
// queue would have them.
func (m *Mapping) Failures() []json.RawMessage {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return slices.Clone(m.failures)
}

// Delivered is the number of records that the function took.
func (m *Mapping) Delivered() int {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return m.delivered
}

// run looks for shards and reads each as soon as its parent was read.
func (m *Mapping) run(ctx context.Context) {
	latest := m.settings.Latest // for the shards that are there first
	var said string
	for ctx.Err() == nil {
		shards, err := m.shards(ctx)
		switch {
		case err == nil:
			said = ""
			for _, shard := range m.ready(shards) {
				at := position{shard: shard, latest: latest}
				m.running.Go(func() { m.read(ctx, at) })
			}
			latest = false
		case ctx.Err() == nil && err.Error() != said:
			said = err.Error() // once, not at every try
			m.options.Log.Error("a stream cannot be read", "stream", m.settings.Stream, "error", err)
		}
		wait(ctx, 4*m.options.Every)
	}
}

func (m *Mapping) shards(ctx context.Context) ([]types.Shard, error) {
	var all []types.Shard
	in := &dynamodbstreams.DescribeStreamInput{StreamArn: &m.settings.Stream}
	for {
		out, err := m.options.Streams.DescribeStream(ctx, in)
		if err != nil {
			return nil, err
		}
		all = append(all, out.StreamDescription.Shards...)
		if in.ExclusiveStartShardId = out.StreamDescription.LastEvaluatedShardId; in.ExclusiveStartShardId == nil {
			return all, nil
		}
	}
}

// ready returns the shards to begin with now: new ones whose parent was read to
// its end, or is not there any more.
func (m *Mapping) ready(shards []types.Shard) []string {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	var ids []string
	for _, s := range shards {
		id := *s.ShardId
		if _, begun := m.seen[id]; begun {
			continue
		}
		parent := s.ParentShardId
		there := parent != nil && slices.ContainsFunc(shards, func(o types.Shard) bool { return *o.ShardId == *parent })
		if there && !m.seen[*parent] {
			continue
		}
		m.seen[id] = false
		ids = append(ids, id)
	}
	return ids
}

func (m *Mapping) finished(shard string) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.seen[shard] = true
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
