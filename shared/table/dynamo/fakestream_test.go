package dynamo

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/gander-images/gander/shared/table"
)

// A stream is what the fake plays for a feed: shards with their records, and the
// one item that a feed writes.
type stream struct {
	*fake

	mu       sync.Mutex
	arn      string
	view     string
	shards   []*streamShard
	next     int      // sequence number of the next record
	page     int      // most records of one answer, and shards of one list
	position string   // body of the consumer's item; empty: there is none
	revision int      // of that item
	writes   []string // bodies in the order written
}

type streamShard struct {
	id, parent string
	records    []streamRecord
	closed     bool
	trimmed    int // records no longer kept
	iterators  int // handed out; older ones have expired after expire
	expired    int
}

type streamRecord struct {
	sequence int
	image    object
}

func newStream(t testing.TB) *stream {
	s := &stream{fake: newFake(t), arn: "arn:1", view: "NEW_AND_OLD_IMAGES", next: 8, page: 2}
	for operation, act := range map[string]func(object) (any, *streamError){
		"DescribeTable": s.describeTable, "DescribeStream": s.describeStream, "GetShardIterator": s.getIterator,
		"GetRecords": s.getRecords, "GetItem": s.getItem, "TransactWriteItems": s.transact,
	} {
		s.ever(operation, func(f *fake, w http.ResponseWriter, r request) {
			s.mu.Lock()
			out, failed := act(r.decode(t))
			s.mu.Unlock()
			if failed != nil {
				fail(http.StatusBadRequest, failed.code, "no", failed.more)(f, w, r)
				return
			}
			answer(out)(f, w, r)
		})
	}
	return s
}

type streamError struct {
	code string
	more object
}

// shard adds a shard.
func (s *stream) shard(id, parent string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shards = append(s.shards, &streamShard{id: id, parent: parent})
}

// write adds records of an item with these sort keys.
func (s *stream) write(shard string, sorts ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sort := range sorts {
		s.add(s.find(shard), stored(object{"sk": object{"S": sort}}))
	}
}

func (s *stream) add(shard *streamShard, image object) {
	shard.records = append(shard.records, streamRecord{s.next, image})
	s.next++
}

// shut closes a shard; change changes it otherwise.
func (s *stream) shut(id string) { s.change(id, func(shard *streamShard) { shard.closed = true }) }

func (s *stream) change(id string, do func(*streamShard)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	do(s.find(id))
}

func (s *stream) find(id string) *streamShard {
	i := slices.IndexFunc(s.shards, func(shard *streamShard) bool { return shard.id == id })
	if i < 0 {
		return nil
	}
	return s.shards[i]
}

func (s *stream) describeTable(object) (any, *streamError) {
	return object{"Table": object{"TableName": "tab", "LatestStreamArn": s.arn}}, nil
}

func (s *stream) describeStream(in object) (any, *streamError) {
	from := 0
	if start, ok := in["ExclusiveStartShardId"].(string); ok {
		from = 1 + slices.Index(s.shards, s.find(start))
	}
	to, d := min(from+s.page, len(s.shards)), object{"StreamArn": s.arn, "StreamViewType": s.view}
	shards := []object{}
	for _, shard := range s.shards[from:to] {
		shards = append(shards, object{"ShardId": shard.id, "ParentShardId": shard.parent})
	}
	if d["Shards"] = shards; to < len(s.shards) {
		d["LastEvaluatedShardId"] = s.shards[to-1].id
	}
	return object{"StreamDescription": d}, nil
}

func (s *stream) getIterator(in object) (any, *streamError) {
	shard := s.find(in["ShardId"].(string))
	if shard == nil {
		return nil, &streamError{code: "ResourceNotFoundException"}
	}
	at := shard.trimmed
	if after, ok := in["SequenceNumber"].(string); ok {
		at = slices.IndexFunc(shard.records, func(r streamRecord) bool { return strconv.Itoa(r.sequence) == after }) + 1
		if at < shard.trimmed || at == 0 {
			return nil, &streamError{code: "TrimmedDataAccessException"}
		}
	}
	return object{"ShardIterator": shard.iterator(at)}, nil
}

func (shard *streamShard) iterator(at int) string {
	shard.iterators++
	return fmt.Sprintf("%s %d %d", shard.id, at, shard.iterators)
}

func (s *stream) getRecords(in object) (any, *streamError) {
	var id string
	var at, number int
	if _, err := fmt.Sscan(in["ShardIterator"].(string), &id, &at, &number); err != nil {
		s.t.Error(err)
	}
	shard := s.find(id)
	switch {
	case shard == nil:
		return nil, &streamError{code: "ResourceNotFoundException"}
	case number <= shard.expired:
		return nil, &streamError{code: "ExpiredIteratorException"}
	case at < shard.trimmed:
		return nil, &streamError{code: "TrimmedDataAccessException"}
	}
	to, records := min(at+s.page, len(shard.records)), []object{}
	for _, r := range shard.records[at:to] {
		records = append(records, object{"dynamodb": object{"SequenceNumber": strconv.Itoa(r.sequence), "NewImage": r.image}})
	}
	out := object{"Records": records}
	if to < len(shard.records) || !shard.closed {
		out["NextShardIterator"] = shard.iterator(to)
	}
	return out, nil
}

func positionItem(body string, revision int) object {
	return object{
		"pk": object{"S": positionPartition}, "sk": object{"S": positionPrefix + "c"}, "rev": object{"N": strconv.Itoa(revision)},
		"v": object{"N": "1"}, "d": object{"B": []byte(body)},
	}
}

func (s *stream) getItem(object) (any, *streamError) {
	if s.position == "" {
		return object{}, nil
	}
	return object{"Item": positionItem(s.position, s.revision)}, nil
}

// transact writes the position under its condition, which makes a record, too.
func (s *stream) transact(in object) (any, *streamError) {
	update := in["TransactItems"].([]any)[0].(object)["Update"].(object)
	values := update["ExpressionAttributeValues"].(object)
	expected := "0"
	if r, ok := values[":r"].(object); ok {
		expected = r["N"].(string)
	}
	if expected != strconv.Itoa(s.revision) {
		failed := object{"Code": "ConditionalCheckFailed", "Item": positionItem(s.position, s.revision)}
		return nil, &streamError{"TransactionCanceledException", object{"CancellationReasons": []object{failed}}}
	}
	var body []byte
	raw, _ := json.Marshal(values[":d"].(object)["B"])
	if err := json.Unmarshal(raw, &body); err != nil {
		s.t.Error(err)
	}
	s.position, s.revision, s.writes = string(body), s.revision+1, append(s.writes, string(body))
	for _, shard := range s.shards {
		if !shard.closed {
			s.add(shard, positionItem(s.position, s.revision))
			break
		}
	}
	return object{}, nil
}

// kept returns the position that is written down.
func (s *stream) kept() (d document) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := json.Unmarshal([]byte(s.position), &d); err != nil {
		s.t.Errorf("position %q: %v", s.position, err)
	}
	return d
}

func (s *stream) keeps() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.writes)
}

// sortsOf returns the sort keys of changes, in their order.
func sortsOf(changes []table.Change) string {
	var sorts []string
	for _, c := range changes {
		sorts = append(sorts, c.Key().Sort)
	}
	return strings.Join(sorts, " ")
}
