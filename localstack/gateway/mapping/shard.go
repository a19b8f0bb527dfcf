package mapping

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

// read reads one shard to its end.
func (m *Mapping) read(ctx context.Context, at position) {
	var said string
	for ctx.Err() == nil {
		ended, err := m.step(ctx, &at)
		switch {
		case ended:
			m.finished(at.shard)
			return
		case err == nil:
			said = ""
		case ctx.Err() == nil && err.Error() != said:
			said = err.Error()
			m.options.Log.Warn("a shard cannot be read; trying again", "shard", at.shard, "error", err)
		}
		if err != nil {
			wait(ctx, m.options.Every)
		}
	}
}

// A position is how far a shard was read.
type position struct {
	shard    string
	latest   bool   // begin at the end
	last     string // sequence number of the record before; empty at the beginning
	iterator *string
}

// step reads one page and hands it on.
func (m *Mapping) step(ctx context.Context, at *position) (ended bool, err error) {
	if at.iterator == nil {
		if err := m.iterate(ctx, at); err != nil {
			return false, err
		}
	}
	page, err := m.options.Streams.GetRecords(ctx, &dynamodbstreams.GetRecordsInput{
		ShardIterator: at.iterator, Limit: aws.Int32(int32(min(m.settings.BatchSize, 1000))),
	})
	if err != nil {
		return false, m.recover(at, err)
	}
	if len(page.Records) > 0 {
		m.take(ctx, at.shard, page.Records)
		if err := ctx.Err(); err != nil {
			return false, err
		}
		at.last = *page.Records[len(page.Records)-1].Dynamodb.SequenceNumber
	} else if page.NextShardIterator != nil {
		wait(ctx, m.options.Every)
	}
	at.iterator = page.NextShardIterator
	return page.NextShardIterator == nil, nil
}

// iterate asks for an iterator that begins after what was read.
func (m *Mapping) iterate(ctx context.Context, at *position) error {
	in := &dynamodbstreams.GetShardIteratorInput{
		StreamArn: &m.settings.Stream, ShardId: &at.shard, ShardIteratorType: types.ShardIteratorTypeTrimHorizon,
	}
	switch {
	case at.last != "":
		in.ShardIteratorType, in.SequenceNumber = types.ShardIteratorTypeAfterSequenceNumber, &at.last
	case at.latest:
		in.ShardIteratorType = types.ShardIteratorTypeLatest
	}
	out, err := m.options.Streams.GetShardIterator(ctx, in)
	if err != nil {
		return m.recover(at, err)
	}
	at.iterator = out.ShardIterator
	return nil
}

// recover gets over iterators that ran out and records that are gone: reading
// goes on with the oldest that is left.
func (m *Mapping) recover(at *position, err error) error {
	var expired *types.ExpiredIteratorException
	var trimmed *types.TrimmedDataAccessException
	switch {
	case errors.As(err, &expired):
		at.iterator = nil
	case errors.As(err, &trimmed):
		m.options.Log.Warn("records of a stream are gone before they were read", "shard", at.shard)
		at.iterator, at.last, at.latest = nil, "", false
	default:
		at.iterator = nil
		return err
	}
	return nil
}

// take hands on what the filters let through of a page, which is no longer than a
// batch may be; more than one event only where it has too many bytes.
func (m *Mapping) take(ctx context.Context, shard string, records []types.Record) {
	var batch []record
	size := 0
	for i := range records {
		r, err := m.form(&records[i])
		if err != nil {
			m.options.Log.Error("a record cannot be read", "shard", shard, "error", err)
			continue
		}
		if !m.wanted(r) {
			continue
		}
		if len(batch) > 0 && size+len(r.text) > maxBatch {
			m.deliver(ctx, shard, batch, 0)
			batch, size = nil, 0
		}
		batch = append(batch, r)
		size += len(r.text) + 1
	}
	if len(batch) > 0 {
		m.deliver(ctx, shard, batch, 0)
	}
}

// tooOld reports whether the mapping gives up on a record for its age.
func (m *Mapping) tooOld(r record) bool {
	return m.settings.RecordAge > 0 && time.Since(r.at) > m.settings.RecordAge
}
