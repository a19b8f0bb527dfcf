package proxy

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

// stream answers as an engine with two shards, of which the second is the first's
// child, and with three changes of each of four items in the first.
func stream(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		Shard    string `json:"ShardId"`
		Iterator string `json:"ShardIterator"`
	}
	_ = json.NewDecoder(r.Body).Decode(&asked)
	answer := map[string]any{}
	switch strings.TrimPrefix(r.Header.Get("X-Amz-Target"), streamTarget) {
	case "DescribeStream":
		answer["StreamDescription"] = map[string]any{"StreamArn": streamOf, "Shards": []any{
			map[string]any{"ShardId": "shardId-1"}, map[string]any{"ShardId": "shardId-2", "ParentShardId": "shardId-1"},
		}}
	case "GetShardIterator":
		answer["ShardIterator"] = asked.Shard + "|0"
	case "GetRecords":
		var records []any
		if asked.Iterator == "shardId-1|0" {
			for n := range 12 {
				records = append(records, map[string]any{"dynamodb": map[string]any{
					"SequenceNumber": strconv.Itoa(n), "Keys": map[string]any{"pk": map[string]any{"S": fmt.Sprint(n % 4)}},
				}})
			}
		}
		answer["Records"], answer["NextShardIterator"] = records, "shardId-1|1"
	}
	w.Header().Set("X-Amz-Crc32", "1")
	_ = json.NewEncoder(w).Encode(answer)
}

type reader struct {
	w       *world
	streams *dynamodbstreams.Client
}

func newReader(t *testing.T, shards int) reader {
	w := newWorld(t, func(c *Config) { c.Shards = shards })
	w.engine.answer = func(rw http.ResponseWriter, r *http.Request) { stream(rw, r) }
	return reader{w, w.clients(nil).streams}
}

func (r reader) shards() []types.Shard {
	r.w.t.Helper()
	d, err := r.streams.DescribeStream(r.w.t.Context(), &dynamodbstreams.DescribeStreamInput{StreamArn: aws.String(streamOf)})
	if err != nil {
		r.w.t.Fatal(err)
	}
	return d.StreamDescription.Shards
}

func (r reader) iterator(shard types.Shard) *string {
	r.w.t.Helper()
	i, err := r.streams.GetShardIterator(r.w.t.Context(), &dynamodbstreams.GetShardIteratorInput{
		StreamArn: aws.String(streamOf), ShardId: shard.ShardId, ShardIteratorType: types.ShardIteratorTypeTrimHorizon,
	})
	if err != nil {
		r.w.t.Fatal(err)
	}
	return i.ShardIterator
}

// read returns the sequence numbers of one answer, and where to read on.
func (r reader) read(iterator *string) (sequences []int, next *string) {
	r.w.t.Helper()
	got, err := r.streams.GetRecords(r.w.t.Context(), &dynamodbstreams.GetRecordsInput{ShardIterator: iterator})
	if err != nil {
		r.w.t.Fatal(err)
	}
	for _, record := range got.Records {
		n, err := strconv.Atoi(aws.ToString(record.Dynamodb.SequenceNumber))
		if err != nil {
			r.w.t.Fatal(err)
		}
		sequences = append(sequences, n)
	}
	return sequences, got.NextShardIterator
}

var allTwelve = []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}

// TestStreamFaults holds what each fault does to the records of a stream.
func TestStreamFaults(t *testing.T) {
	for name, c := range map[string]struct {
		fault Fault
		right func(got []int) bool
	}{
		"none":       {NoFault, func(got []int) bool { return slices.Equal(got, allTwelve) }},
		"duplicated": {Duplicated, func(got []int) bool { return slices.Equal(got, append(slices.Clone(allTwelve), allTwelve...)) }},
		"withheld":   {Withheld, func(got []int) bool { return len(got) == 0 }},
		"reordered":  {Reordered, func(got []int) bool { return !slices.IsSorted(got) && inOrderByItem(got) }},
	} {
		t.Run(name, func(t *testing.T) {
			r := newReader(t, 0)
			rule := r.w.proxy.Inject(Rule{Match: Match{Operation: "GetRecords"}, Fault: c.fault, Seed: 1})
			got, next := r.read(r.iterator(r.shards()[0]))
			if !c.right(got) || rule.Count() != 1 {
				t.Errorf("records %v, %d spoiled", got, rule.Count())
			}
			got, _ = r.read(next)
			if whole := slices.Equal(got, allTwelve); whole != (c.fault == Withheld) {
				t.Errorf("then %v", got)
			}
			want := Use{"image-show", "dynamodb:GetRecords", streamOf}
			if !slices.Contains(r.w.proxy.Uses(), want) {
				t.Errorf("recorded %v, without %v", r.w.proxy.Uses(), want)
			}
		})
	}
}

// TestNothingIsNotSpoilt holds that an answer without records counts for none of
// the faults that change records.
func TestNothingIsNotSpoilt(t *testing.T) {
	for _, fault := range []Fault{Duplicated, Reordered, Withheld} {
		r := newReader(t, 0)
		rule := r.w.proxy.Inject(Rule{Match: Match{Operation: "GetRecords"}, Fault: fault})
		if got, _ := r.read(r.iterator(r.shards()[1])); len(got) > 0 || rule.Count() != 0 {
			t.Errorf("%s: records %v, %d spoiled", fault, got, rule.Count())
		}
	}
}

func inOrderByItem(got []int) bool {
	last := map[int]int{}
	for _, n := range got {
		if before, ok := last[n%4]; ok && before >= n {
			return false
		}
		last[n%4] = n
	}
	return len(got) == len(allTwelve)
}

// TestShardsAreDealt holds that a stream's shards can be dealt into several, each
// with some of the items, all of them once, children under parents.
func TestShardsAreDealt(t *testing.T) {
	r := newReader(t, 3)
	shards := r.shards()
	if len(shards) != 6 || aws.ToString(shards[4].ParentShardId) != aws.ToString(shards[1].ShardId) || shards[0].ParentShardId != nil {
		t.Fatalf("shards %v", shards)
	}
	var all []int
	holders := map[int]int{}
	for i, shard := range shards[:3] {
		got, next := r.read(r.iterator(shard))
		for _, n := range got {
			if at, ok := holders[n%4]; ok && at != i {
				t.Errorf("item %d is in shards %d and %d", n%4, at, i)
			}
			holders[n%4] = i
		}
		if later, _ := r.read(next); len(later) > 0 {
			t.Errorf("the next iterator gives %v", later)
		}
		all = append(all, got...)
	}
	slices.Sort(all)
	if !slices.Equal(all, allTwelve) {
		t.Errorf("the shards together give %v", all)
	}
}
