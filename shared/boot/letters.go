package boot

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"strconv"
	"time"

	"github.com/gander-images/gander/shared/blob"
	"github.com/gander-images/gander/shared/deadletter"
	"github.com/gander-images/gander/shared/table"
	"github.com/gander-images/gander/shared/table/dynamo"
	"github.com/gander-images/gander/shared/vault"
)

// keepLetters has what the runner gives up on kept in the table, and tried again when
// an operator asks for that.
func (s *services) keepLetters() {
	s.letters = &deadletter.Box{Table: s.table, Now: s.runner.Now, Log: s.log}
	work := *s.runner // which a retry may sweep with, without meeting itself
	s.runner.Handlers = maps.Clone(s.runner.Handlers)
	s.runner.Handlers[deadletter.RetryKind] = s.letters.Handler(&work)
	s.runner.Passing, s.runner.Failed = passing, s.letters.Missed
}

// passing reports whether an error says no more than that something is out of reach,
// which passes by itself. One outage of the key store, say, would else hold up every
// change of the table, and leave a letter for each key.
func passing(err error) bool {
	for _, e := range []error{table.ErrBusy, table.ErrUnknown, vault.ErrBusy, vault.ErrUnknown, blob.ErrBusy} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// sweepAll does what is due, and removes the letters of what was.
func (s *services) sweepAll(ctx context.Context) error {
	return errors.Join(s.runner.Sweep(ctx), s.letters.Tidy(ctx), s.api.Keys.Round(ctx))
}

// attempts is how often a change of the feed is worked on before it is given up, with
// pauses that double.
const (
	attempts     = 5
	attemptPause = 100 * time.Millisecond
)

// An insistent reaper tries a change that failed a few times more, and then goes on to
// the next, leaving a letter. Of the changes after it none waits: all have had their
// turn by then.
type insistent struct {
	services *services
	pause    func(context.Context, time.Duration)

	sequence string // of the change that failed last
	tries    int
}

// take is a table.Handler.
func (r *insistent) take(ctx context.Context, changes []table.Change) (done int, err error) {
	done, failure := r.services.runner.React(ctx, changes)
	if failure == nil || ctx.Err() != nil {
		return done, ctx.Err()
	}
	failed := changes[done]
	if failed.Sequence != r.sequence {
		r.sequence, r.tries = failed.Sequence, 0
	}
	if r.tries++; r.tries < attempts {
		r.pause(ctx, attemptPause<<(r.tries-1))
		return done, nil // it is the first to come again
	}
	if err := r.services.letters.Put(ctx, deadletter.Of(deadletter.Reaper, failed.Key(), r.tries, failure)); err != nil {
		return done, err
	}
	return done + 1, nil
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// A queued event has messages of a queue.
//
// Source: AWS Lambda Developer Guide, "Using Lambda with Amazon SQS".
type queued struct {
	Records []struct {
		ID         string `json:"messageId"`
		Source     string `json:"eventSource"`
		Body       string `json:"body"`
		Attributes struct {
			Sent string `json:"SentTimestamp"` // milliseconds since 1970
		} `json:"attributes"`
	} `json:"Records"`
}

// takeFailures keeps letters of what the platform gave up on. What it cannot keep
// comes again; a message that makes no sense is kept as what it is.
func takeFailures(ctx context.Context, s *services, event queued) (any, error) {
	report := batchFailures{Items: []failedItem{}}
	for _, record := range event.Records {
		if record.Source != "aws:sqs" || record.ID == "" {
			return nil, errors.New("boot: this is not an event of a queue")
		}
		sent, _ := strconv.ParseInt(record.Attributes.Sent, 10, 64)
		err := s.letters.Take(ctx, deadletter.Reaper, givenUp(record.ID, record.Body, time.UnixMilli(sent)))
		if err != nil {
			s.log.ErrorContext(ctx, "what was given up on comes again", "message", record.ID, "error", err)
			report.Items = append(report.Items, failedItem{record.ID})
		}
	}
	return report, nil
}

// givenUp reads a message in the failure destination of a stream's mapping.
//
// Source: AWS Lambda Developer Guide, "Retaining discarded records for a DynamoDB
// event source", example record for SQS.
func givenUp(id, body string, sent time.Time) deadletter.GivenUp {
	var m struct {
		At      time.Time `json:"timestamp"`
		Request struct {
			Tries int `json:"approximateInvokeCount"`
		} `json:"requestContext"`
		Batch struct {
			Shard string `json:"shardId"`
			First string `json:"startSequenceNumber"`
			Last  string `json:"endSequenceNumber"`
			Count int    `json:"batchSize"`
		} `json:"DDBStreamBatchInfo"`
	}
	g := deadletter.GivenUp{ID: id, At: sent}
	if json.Unmarshal([]byte(body), &m) != nil || m.Batch.First == "" {
		return g // somebody else's message
	}
	if !m.At.IsZero() {
		g.At = m.At
	}
	g.Tries = m.Request.Tries
	g.Range = deadletter.Range{Shard: m.Batch.Shard, First: m.Batch.First, Last: m.Batch.Last, Count: m.Batch.Count}
	g.First, g.Last = dynamo.Sequence(m.Batch.First), dynamo.Sequence(m.Batch.Last)
	return g
}

// note keeps why a record failed.
func (s *services) note(ctx context.Context, record dynamo.Record, change *table.Change, why error) {
	var key *table.Key
	if change != nil {
		k := change.Key()
		key = &k
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if err := s.letters.Note(ctx, deadletter.Reaper, dynamo.Sequence(record.Sequence()), key, why); err != nil {
		s.log.WarnContext(ctx, "why a change failed was not noted", "sequence", record.Sequence(), "error", err)
	}
}
