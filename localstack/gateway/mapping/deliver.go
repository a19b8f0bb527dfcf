package mapping

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/google/uuid"
)

// deliver hands a batch to the function until it was taken or given up on. tries
// counts the failures of these records so far; halving a batch is none.
func (m *Mapping) deliver(ctx context.Context, shard string, batch []record, tries int) {
	for ctx.Err() == nil {
		if batch = m.dropOld(shard, batch, tries); len(batch) == 0 {
			return
		}
		from, failed := m.hand(ctx, batch)
		m.count(from)
		if from == len(batch) || ctx.Err() != nil {
			return
		}
		if from > 0 {
			batch, tries = batch[from:], 0 // another record is to blame now
		}
		if m.settings.Bisect && len(batch) > 1 && (failed || from == 0) {
			half := len(batch) / 2
			m.deliver(ctx, shard, batch[:half], tries)
			batch = batch[half:]
			continue
		}
		if tries++; m.settings.Retries >= 0 && tries > m.settings.Retries {
			m.giveUp(shard, batch, tries, "RetryAttemptsExhausted")
			return
		}
		wait(ctx, min(m.options.Every<<min(tries, 3), 5*time.Second))
	}
}

// dropOld gives up on the records at the beginning that are too old.
func (m *Mapping) dropOld(shard string, batch []record, tries int) []record {
	n := 0
	for n < len(batch) && m.tooOld(batch[n]) {
		n++
	}
	if n > 0 {
		m.giveUp(shard, batch[:n], tries, "RecordAgeExceeded")
	}
	return batch[n:]
}

// hand invokes the function once. from is the first record that must be handed
// over again; failed says that the function as a whole failed.
func (m *Mapping) hand(ctx context.Context, batch []record) (from int, failed bool) {
	answer, failed, err := m.options.Invoke(ctx, event(batch))
	if err != nil && ctx.Err() == nil {
		m.options.Log.Error("a batch could not be handed over", "error", err)
	}
	if err != nil || failed {
		return 0, true
	}
	if !m.settings.Partial {
		return len(batch), false
	}
	return firstFailed(answer, batch)
}

// firstFailed reads a partial batch report. One that cannot be read, or names
// what was not in the batch, fails the whole batch.
//
// Source: AWS Lambda Developer Guide, "Configuring partial batch response with
// DynamoDB and Lambda", success and failure conditions.
func firstFailed(answer []byte, batch []record) (from int, failed bool) {
	var report struct {
		Items []struct {
			Sequence *string `json:"itemIdentifier"`
		} `json:"batchItemFailures"`
	}
	if len(answer) > 0 && json.Unmarshal(answer, &report) != nil {
		return 0, true
	}
	from = len(batch)
	for _, item := range report.Items {
		if item.Sequence == nil || *item.Sequence == "" {
			return 0, true
		}
		at := slices.IndexFunc(batch, func(r record) bool { return r.sequence == *item.Sequence })
		if at < 0 {
			return 0, true
		}
		from = min(from, at)
	}
	return from, false
}

func (m *Mapping) count(n int) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.delivered += n
}

// giveUp leaves records out, and tells the destination which they were. A queue
// gets where they were in the stream, not the records.
//
// Source: AWS Lambda Developer Guide, "Retaining discarded records for a DynamoDB
// event source", example record for SQS.
func (m *Mapping) giveUp(shard string, batch []record, tries int, why string) {
	first, last := batch[0], batch[len(batch)-1]
	m.options.Log.Error("records of a stream are given up on", "shard", shard, "why", why,
		"records", len(batch), "first", first.sequence, "last", last.sequence)
	if !m.settings.Destination {
		return
	}
	type object = map[string]any
	const form = "2006-01-02T15:04:05.000Z"
	message, err := json.Marshal(object{
		"requestContext": object{
			"requestId": uuid.NewString(), "functionArn": m.settings.Function,
			"condition": why, "approximateInvokeCount": tries,
		},
		"responseContext": object{"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
		"version":         "1.0",
		"timestamp":       time.Now().UTC().Format(form),
		"DDBStreamBatchInfo": object{
			"shardId": shard, "startSequenceNumber": first.sequence, "endSequenceNumber": last.sequence,
			"approximateArrivalOfFirstRecord": first.at.UTC().Format(form), "approximateArrivalOfLastRecord": last.at.UTC().Format(form),
			"batchSize": len(batch), "streamArn": m.settings.Stream,
		},
	})
	if err != nil {
		m.options.Log.Error("a failure cannot be told", "error", err)
		return
	}
	if m.options.GaveUp != nil {
		m.options.GaveUp(message)
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.failures = append(m.failures, message)
}
