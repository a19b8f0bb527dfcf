package mapping_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"github.com/gander-images/gander/localstack/gateway/mapping"
	"github.com/gander-images/gander/localstack/gateway/pattern"
)

func TestRecordsComeInTheFormOfEvents(t *testing.T) {
	s, f := newStream("a"), &function{}
	s.put("a", "due#1")
	m := start(t, s, f, mapping.Settings{})
	until(t, delivered(m), "1")
	record, _ := f.last["Records"].([]any)[0].(map[string]any)
	change, _ := record["dynamodb"].(map[string]any)
	got, err := json.Marshal(change["NewImage"])
	if err != nil || string(got) != `{"d":{"B":"/w=="},"l":{"L":[{"BOOL":true},{"M":null}]},"n":{"N":"7"},"pk":{"S":"due#1"}}` {
		t.Errorf("%s, %v", got, err)
	}
	if record["eventName"] != "INSERT" || record["eventSource"] != "aws:dynamodb" || record["eventSourceARN"] != "arn:stream" ||
		change["SequenceNumber"] != "a-1" || change["StreamViewType"] != "NEW_AND_OLD_IMAGES" || change["OldImage"] != nil {
		t.Errorf("%v", record)
	}
}

func TestFiltersAndBatches(t *testing.T) {
	due, err := pattern.Compile(`{"eventName":["INSERT"],"dynamodb":{"Keys":{"pk":{"S":[{"prefix":"due#"}]}}}}`)
	if err != nil {
		t.Fatal(err)
	}
	s, f := newStream("a"), &function{}
	s.put("a", "due#1", "image#1", "due#2", "due#3")
	m := start(t, s, f, mapping.Settings{BatchSize: 3, Filters: []*pattern.Pattern{due}})
	until(t, delivered(m), "3")
	if f.seen() != "[[due#1 due#2] [due#3]]" {
		t.Error(f.seen())
	}
}

func TestEventsFit(t *testing.T) {
	s, f := newStream("a"), &function{}
	s.put("a", "1", "big2", "3", "big4")
	m := start(t, s, f, mapping.Settings{})
	until(t, delivered(m), "4")
	if f.seen() != "[[1 big2 3] [big4]]" {
		t.Error(f.seen())
	}
}

// TestLatest leaves out what was there, in shards that were there.
func TestLatest(t *testing.T) {
	s, f := newStream("a"), &function{}
	s.put("a", "old")
	m := start(t, s, f, mapping.Settings{Latest: true})
	until(t, func() string { s.mutex.Lock(); defer s.mutex.Unlock(); return fmt.Sprint(s.asked) }, "[LATEST]")
	s.put("a", "new")
	until(t, delivered(m), "1")
	s.put("b", "newer")
	s.mutex.Lock()
	s.shards, s.open["b"] = append(s.shards, types.Shard{ShardId: aws.String("b")}), true
	s.mutex.Unlock()
	until(t, delivered(m), "2")
	if f.seen() != "[[new] [newer]]" || fmt.Sprint(s.asked) != "[LATEST TRIM_HORIZON]" {
		t.Error(f.seen(), s.asked)
	}
}

// TestPartialReports: what comes before the lowest failure was taken.
func TestPartialReports(t *testing.T) {
	s, f := newStream("a"), &function{}
	first := true
	f.answer = func([]string) (string, bool) {
		if first {
			first = false
			return `{"batchItemFailures":[{"itemIdentifier":"a-4"},{"itemIdentifier":"a-3"},{"itemIdentifier":"a-4"}]}`, false
		}
		return `null`, false
	}
	s.put("a", "1", "2", "3", "4")
	m := start(t, s, f, mapping.Settings{Partial: true, Retries: -1})
	until(t, delivered(m), "4")
	if f.seen() != "[[1 2 3 4] [3 4]]" {
		t.Error(f.seen())
	}
}

// TestReportsThatCannotBeRead fail the batch; without partial reports nobody
// reads them.
func TestReportsThatCannotBeRead(t *testing.T) {
	for _, report := range []string{`x`, `[]`, `{"batchItemFailures":[{"itemIdentifier":""}]}`, `{"batchItemFailures":[{}]}`, `{"batchItemFailures":[{"itemIdentifier":"b-1"}]}`} {
		s, f := newStream("a"), &function{}
		f.answer = func([]string) (string, bool) {
			if len(f.batches) == 1 {
				return report, false
			}
			return "", false
		}
		s.put("a", "1", "2")
		m := start(t, s, f, mapping.Settings{Partial: true, Retries: -1})
		until(t, delivered(m), "2")
		if f.seen() != "[[1 2] [1 2]]" {
			t.Errorf("%s: %s", report, f.seen())
		}
		m.Stop()
		f.batches = nil
		m = start(t, s, f, mapping.Settings{Retries: -1})
		until(t, delivered(m), "2")
		if f.seen() != "[[1 2]]" {
			t.Errorf("%s, unread: %s", report, f.seen())
		}
	}
}

// TestBisection finds the record that fails, and gives up on it alone.
func TestBisection(t *testing.T) {
	s, f := newStream("a"), &function{}
	f.answer = func(keys []string) (string, bool) { return `{"errorMessage":"bad"}`, slices.Contains(keys, "bad") }
	s.put("a", "1", "2", "bad", "4")
	m := start(t, s, f, mapping.Settings{Bisect: true, Partial: true, Retries: 1, Destination: true})
	until(t, delivered(m), "3")
	if f.seen() != "[[1 2 bad 4] [1 2] [bad 4] [bad] [bad] [4]]" {
		t.Error(f.seen())
	}
	failures := m.Failures()
	if len(failures) != 1 {
		t.Fatalf("%s", failures)
	}
	var message struct {
		RequestContext struct {
			Condition   string
			FunctionArn string
			Count       int `json:"approximateInvokeCount"`
		}
		Info struct {
			ShardID   string `json:"shardId"`
			First     string `json:"startSequenceNumber"`
			Last      string `json:"endSequenceNumber"`
			BatchSize int
			StreamArn string
		} `json:"DDBStreamBatchInfo"`
	}
	if err := json.Unmarshal(failures[0], &message); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("%+v", message); got != "{RequestContext:{Condition:RetryAttemptsExhausted FunctionArn:arn:function Count:2} Info:{ShardID:a First:a-3 Last:a-3 BatchSize:1 StreamArn:arn:stream}}" {
		t.Error(got)
	}
}

// TestRetriesEnd: a batch that always fails is left out as a whole, and nothing
// is kept where there is no destination.
func TestRetriesEnd(t *testing.T) {
	s, f := newStream("a"), &function{}
	f.answer = func(keys []string) (string, bool) { return "", keys[0] == "1" }
	s.put("a", "1", "2")
	m := start(t, s, f, mapping.Settings{Retries: 2, BatchSize: 2})
	until(t, f.seen, "[[1 2] [1 2] [1 2]]")
	s.put("a", "3")
	until(t, delivered(m), "1")
	if len(m.Failures()) != 0 {
		t.Errorf("%s", m.Failures())
	}
}

func TestOldRecordsAreGivenUpOn(t *testing.T) {
	s, f := newStream("a"), &function{}
	s.put("a", "1@7200", "2@7000", "3")
	m := start(t, s, f, mapping.Settings{RecordAge: time.Hour, Destination: true})
	until(t, delivered(m), "1")
	if f.seen() != "[[3]]" || len(m.Failures()) != 1 || !strings.Contains(string(m.Failures()[0]), `"batchSize":2`) {
		t.Errorf("%s, %s", f.seen(), m.Failures())
	}
}

// TestChildrenComeAfterTheirParents: a shard is read when its parent ended.
func TestChildrenComeAfterTheirParents(t *testing.T) {
	s, f := newStream("b<a", "a", "c<gone"), &function{}
	s.put("b", "late")
	s.put("c", "orphan")
	m := start(t, s, f, mapping.Settings{})
	until(t, delivered(m), "1")
	s.put("a", "early")
	until(t, delivered(m), "2")
	s.mutex.Lock()
	s.open["a"] = false
	s.mutex.Unlock()
	until(t, delivered(m), "3")
	if f.seen() != "[[orphan] [early] [late]]" {
		t.Error(f.seen())
	}
}

// TestReadingGoesOn after iterators that ran out, records that were trimmed, and
// errors of whatever kind.
func TestReadingGoesOn(t *testing.T) {
	s, f := newStream("a"), &function{}
	s.put("a", "1")
	m := start(t, s, f, mapping.Settings{})
	until(t, delivered(m), "1")
	s.mutex.Lock()
	s.errors = []error{&types.ExpiredIteratorException{}, errors.New("connection cut")}
	s.mutex.Unlock()
	s.put("a", "2")
	until(t, delivered(m), "2")
	if f.seen() != "[[1] [2]]" {
		t.Errorf("after an expired iterator: %s", f.seen())
	}
	s.mutex.Lock()
	s.errors = []error{&types.TrimmedDataAccessException{}}
	s.mutex.Unlock()
	until(t, f.seen, "[[1] [2] [1 2]]") // from the oldest that is left
	if got := fmt.Sprint(s.asked); got != "[TRIM_HORIZON AFTER_SEQUENCE_NUMBER AFTER_SEQUENCE_NUMBER TRIM_HORIZON]" {
		t.Error(got)
	}
}
