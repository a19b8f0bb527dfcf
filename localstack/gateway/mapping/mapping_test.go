package mapping_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"github.com/gander-images/gander/localstack/gateway/mapping"
	"github.com/gander-images/gander/localstack/gateway/pattern"
)

// A stream stands in for the service: shards with records, and errors to come.
type stream struct {
	mutex  sync.Mutex
	shards []types.Shard
	kept   map[string][]types.Record
	open   map[string]bool
	errors []error // of the next calls of GetRecords
	asked  []string
}

func newStream(shards ...string) *stream {
	s := &stream{kept: map[string][]types.Record{}, open: map[string]bool{}}
	for _, name := range shards {
		id, parent, _ := strings.Cut(name, "<")
		shard := types.Shard{ShardId: &id}
		if parent != "" {
			shard.ParentShardId = &parent
		}
		s.shards = append(s.shards, shard)
		s.open[id] = true
	}
	return s
}

// put adds records of items to a shard: keys "due#1", ages in seconds.
func (s *stream) put(shard string, keys ...string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, key := range keys {
		n := len(s.kept[shard]) + 1
		key, age, _ := strings.Cut(key, "@")
		seconds, _ := strconv.Atoi(age)
		item := map[string]types.AttributeValue{
			"pk": &types.AttributeValueMemberS{Value: key}, "n": &types.AttributeValueMemberN{Value: "7"},
			"d": &types.AttributeValueMemberB{Value: []byte("\xff")}, "l": &types.AttributeValueMemberL{Value: []types.AttributeValue{
				&types.AttributeValueMemberBOOL{Value: true}, &types.AttributeValueMemberM{Value: map[string]types.AttributeValue{}},
			}},
		}
		s.kept[shard] = append(s.kept[shard], types.Record{
			EventID: aws.String(fmt.Sprint(shard, n)), EventName: "INSERT", EventVersion: aws.String("1.1"), EventSource: aws.String("aws:dynamodb"),
			AwsRegion: aws.String("us-east-1"), Dynamodb: &types.StreamRecord{
				Keys: map[string]types.AttributeValue{"pk": item["pk"]}, NewImage: item, SequenceNumber: aws.String(fmt.Sprint(shard, "-", n)),
				SizeBytes: aws.Int64(9), StreamViewType: "NEW_AND_OLD_IMAGES",
				ApproximateCreationDateTime: aws.Time(time.Now().Add(-time.Duration(seconds) * time.Second)),
			},
		})
	}
}

func (s *stream) DescribeStream(_ context.Context, in *dynamodbstreams.DescribeStreamInput, _ ...func(*dynamodbstreams.Options)) (*dynamodbstreams.DescribeStreamOutput, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	at := 0
	if in.ExclusiveStartShardId != nil {
		at = slices.IndexFunc(s.shards, func(o types.Shard) bool { return *o.ShardId == *in.ExclusiveStartShardId }) + 1
	}
	out := &types.StreamDescription{Shards: s.shards[at:min(at+1, len(s.shards))]} // a page of one
	if at+1 < len(s.shards) {
		out.LastEvaluatedShardId = s.shards[at].ShardId
	}
	return &dynamodbstreams.DescribeStreamOutput{StreamDescription: out}, nil
}

func (s *stream) GetShardIterator(_ context.Context, in *dynamodbstreams.GetShardIteratorInput, _ ...func(*dynamodbstreams.Options)) (*dynamodbstreams.GetShardIteratorOutput, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	at := 0
	switch in.ShardIteratorType {
	case types.ShardIteratorTypeLatest:
		at = len(s.kept[*in.ShardId])
	case types.ShardIteratorTypeAfterSequenceNumber:
		_, n, _ := strings.Cut(*in.SequenceNumber, "-")
		at, _ = strconv.Atoi(n)
	}
	s.asked = append(s.asked, string(in.ShardIteratorType))
	return &dynamodbstreams.GetShardIteratorOutput{ShardIterator: aws.String(fmt.Sprint(*in.ShardId, "-", at))}, nil
}

func (s *stream) GetRecords(_ context.Context, in *dynamodbstreams.GetRecordsInput, _ ...func(*dynamodbstreams.Options)) (*dynamodbstreams.GetRecordsOutput, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if len(s.errors) > 0 {
		err := s.errors[0]
		s.errors = s.errors[1:]
		return nil, err
	}
	shard, n, _ := strings.Cut(*in.ShardIterator, "-")
	at, _ := strconv.Atoi(n)
	records := s.kept[shard]
	end := min(at+int(*in.Limit), len(records))
	out := &dynamodbstreams.GetRecordsOutput{Records: records[at:end]}
	if s.open[shard] || end < len(records) {
		out.NextShardIterator = aws.String(fmt.Sprint(shard, "-", end))
	}
	return out, nil
}

// A function takes events and answers as a test says.
type function struct {
	mutex   sync.Mutex
	batches [][]string // keys
	last    map[string]any
	answer  func(keys []string) (answer string, failed bool)
}

func (f *function) invoke(_ context.Context, event []byte) ([]byte, bool, error) {
	var in struct {
		Records []struct {
			Dynamodb struct {
				Keys struct{ Pk struct{ S string } }
			}
		}
	}
	var all map[string]any
	if err := errors.Join(json.Unmarshal(event, &in), json.Unmarshal(event, &all)); err != nil {
		return nil, false, err
	}
	keys := []string{}
	for _, r := range in.Records {
		keys = append(keys, r.Dynamodb.Keys.Pk.S)
	}
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.batches, f.last = append(f.batches, keys), all
	if f.answer == nil {
		return []byte(`{"batchItemFailures":[]}`), false, nil
	}
	answer, failed := f.answer(keys)
	return []byte(answer), failed, nil
}

func (f *function) seen() string {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return fmt.Sprint(f.batches)
}

func start(t *testing.T, s *stream, f *function, settings mapping.Settings) *mapping.Mapping {
	t.Helper()
	settings.Stream, settings.Function = "arn:stream", "arn:function"
	m := mapping.Start(settings, mapping.Options{Streams: s, Invoke: f.invoke, Log: slog.New(slog.DiscardHandler), Every: time.Millisecond})
	t.Cleanup(m.Stop)
	return m
}

// until waits for a condition.
func until(t *testing.T, what func() string, want string) {
	t.Helper()
	for range 2000 {
		if what() == want {
			return
		}
		time.Sleep(2 * time.Millisecond)
	}
	t.Fatalf("%s, not %s", what(), want)
}

func delivered(m *mapping.Mapping) func() string {
	return func() string { return strconv.Itoa(m.Delivered()) }
}

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

// TestLatest leaves out what was there, in shards that were there.
func TestLatest(t *testing.T) {
	s, f := newStream("a"), &function{}
	s.put("a", "old")
	m := start(t, s, f, mapping.Settings{Latest: true})
	until(t, func() string { s.mutex.Lock(); defer s.mutex.Unlock(); return fmt.Sprint(s.asked) }, "[LATEST]")
	s.put("a", "new")
	until(t, delivered(m), "1")
	if f.seen() != "[[new]]" {
		t.Error(f.seen())
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
