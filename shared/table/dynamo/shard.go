package dynamo

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"github.com/gander-images/gander/shared/table"
)

// A shard is one part of a stream: all changes of some items, for some hours.
// Then others, its children, go on with them.
type shard struct {
	id, parent string
	position
	iterator string // where to read on; empty: after the position
	ended    bool   // all of it has been read
	lost     bool   // it was not there the last time
	waiting  []table.Change
	numbers  []string // the sequence numbers of those, in DynamoDB's own form
	read     string   // the last number read
}

// Batches of changes as they are handed to a consumer.
const (
	deliverChanges = 100
	deliverBytes   = 1 << 20
)

// readable reports whether a shard's turn has come: not before its parent is
// through, for an item's later changes are in the child.
func (r *follower) readable(s *shard) bool {
	parent := r.known[s.parent]
	return !s.Done && (parent == nil || parent.Done)
}

// turn reads on in a shard, where nothing waits to be delivered, and delivers.
func (r *follower) turn(ctx context.Context, s *shard) (moved bool, err error) {
	if len(s.waiting) == 0 && !s.ended {
		if moved, err = r.fetch(ctx, s); err != nil {
			return false, fmt.Errorf("%w: %w", errReading, err)
		}
	}
	if len(s.waiting) > 0 {
		if moved, err = r.deliver(ctx, s); err != nil {
			return moved, err
		}
	}
	if len(s.waiting) == 0 && s.ended {
		s.Done, r.dirty, r.behind, moved = true, true, true, true
		r.relist()
	}
	return moved, nil
}

// deliver hands over one batch.
func (r *follower) deliver(ctx context.Context, s *shard) (moved bool, err error) {
	n, size := 0, 0
	for n < len(s.waiting) && n < deliverChanges && size < deliverBytes {
		size += changeSize(s.waiting[n])
		n++
	}
	done, err := r.handle(ctx, s.waiting[:n:n])
	if done = min(max(done, 0), n); done == 0 {
		return false, err
	}
	s.After, r.dirty = s.numbers[done-1], true
	s.waiting, s.numbers = s.waiting[done:], s.numbers[done:]
	if len(s.waiting) == 0 {
		s.After = s.read
	} else {
		r.behind = true
	}
	return true, err
}

func changeSize(c table.Change) (size int) {
	for _, item := range []*table.Item{c.Old, c.New} {
		if item != nil {
			size += item.Size()
		}
	}
	return size
}

// fetch reads what follows in a shard.
func (r *follower) fetch(ctx context.Context, s *shard) (moved bool, err error) {
	records, err := r.records(ctx, s)
	if err != nil {
		return false, r.recover(ctx, s, err)
	}
	for i := range records {
		s.read = aws.ToString(records[i].Dynamodb.SequenceNumber)
		change, err := changeOf(s.read, records[i].Dynamodb.OldImage, records[i].Dynamodb.NewImage, streamValue)
		switch {
		case err != nil:
			r.table.settings.log.ErrorContext(ctx, "a stream record cannot be read; it is passed over", "sequence", s.read, "error", err)
		case !isPosition(change.Key()):
			s.waiting, s.numbers = append(s.waiting, change), append(s.numbers, s.read)
		}
	}
	if len(s.waiting) == 0 && s.read != "" {
		s.After = s.read // no reason to write it down
	}
	r.behind = r.behind || len(records) >= deliverChanges
	return len(records) > 0, nil
}

// isPosition reports whether an item is a consumer's position.
func isPosition(k table.Key) bool {
	return k.Partition == positionPartition && strings.HasPrefix(k.Sort, positionPrefix)
}

// records reads at the shard's iterator, and gets one where there is none.
func (r *follower) records(ctx context.Context, s *shard) ([]types.Record, error) {
	if s.iterator == "" {
		if err := r.seek(ctx, s); err != nil {
			return nil, err
		}
	}
	var out *dynamodbstreams.GetRecordsOutput
	err := r.table.begin(ctx, false).until(ctx, func(attempt context.Context) (err error) {
		out, err = r.streams.GetRecords(attempt, &dynamodbstreams.GetRecordsInput{ShardIterator: &s.iterator})
		return err
	})
	if err != nil {
		return nil, err
	}
	s.iterator = aws.ToString(out.NextShardIterator)
	s.ended, s.lost = s.iterator == "", false
	records := out.Records[:0]
	for _, record := range out.Records {
		if record.Dynamodb != nil {
			records = append(records, record)
		}
	}
	return records, nil
}

// seek gets an iterator behind the shard's position.
func (r *follower) seek(ctx context.Context, s *shard) error {
	in := &dynamodbstreams.GetShardIteratorInput{
		StreamArn: &r.Stream, ShardId: &s.id, ShardIteratorType: types.ShardIteratorTypeTrimHorizon,
	}
	if s.After != "" {
		in.ShardIteratorType, in.SequenceNumber = types.ShardIteratorTypeAfterSequenceNumber, &s.After
	}
	return r.table.begin(ctx, false).until(ctx, func(attempt context.Context) error {
		out, err := r.streams.GetShardIterator(attempt, in)
		if err == nil {
			s.iterator = aws.ToString(out.ShardIterator)
		}
		return err
	})
}

// recover goes on after errors that belong to a stream's life: an iterator lives
// for a quarter of an hour, a change for a day, and a shard not much longer.
func (r *follower) recover(ctx context.Context, s *shard, err error) error {
	var expired *types.ExpiredIteratorException
	var trimmed *types.TrimmedDataAccessException
	var gone *types.ResourceNotFoundException
	switch {
	case errors.As(err, &expired):
		s.iterator = ""
	case errors.As(err, &trimmed):
		s.iterator, s.After, s.read = "", "", ""
		if !r.trimmed {
			r.trimmed = true
			r.table.settings.log.WarnContext(ctx, "changes were given up unread after a day; going on with the oldest that is kept",
				"consumer", r.consumer, "shard", s.id)
		}
	case errors.As(err, &gone) && !s.lost:
		s.iterator, s.lost = "", true
		r.relist()
	default:
		return err
	}
	return nil
}
