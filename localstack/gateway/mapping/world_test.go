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
		if strings.HasPrefix(key, "big") {
			item["d"] = &types.AttributeValueMemberB{Value: make([]byte, 5<<19)} // two are too many for an event
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
