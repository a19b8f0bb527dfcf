package proxy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// shardMark parts a shard's own id from the index of the one it is dealt into.
const shardMark = "-part"

// iteratorMark parts what the proxy must know of an iterator from the engine's:
// stream, index of the shard, and a number that no other has. AWS's own iterators
// begin with the stream's ARN, too.
const iteratorMark = "|"

// readStream fills in what a request to the streams does, and takes out of it
// what the proxy put into ids and iterators.
func (c *Call) readStream() error {
	var r map[string]any
	if err := json.Unmarshal(c.body, &r); err != nil {
		return &refusal{status: 400, code: "SerializationException", message: "The request is no JSON."}
	}
	text := func(name string) string { s, _ := r[name].(string); return s }
	c.stream = text("StreamArn")
	if id := text("ShardId"); id != "" {
		r["ShardId"], c.shard = shardOf(id)
	}
	if id := text("ExclusiveStartShardId"); id != "" {
		r["ExclusiveStartShardId"], _ = shardOf(id)
	}
	if iterator := text("ShardIterator"); iterator != "" {
		c.iterator = iterator
		c.stream, c.shard, r["ShardIterator"] = iteratorOf(iterator)
	}
	resource := c.stream
	if resource == "" {
		resource = "*"
	}
	c.Items = []string{c.stream}
	c.Uses = []Use{{Action: "dynamodb:" + c.Operation, Resource: resource}}
	body, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("writing a request anew: %w", err)
	}
	c.body = body
	return nil
}

func shardOf(id string) (own string, index int) {
	own, number, _ := strings.Cut(id, shardMark)
	index, _ = strconv.Atoi(number) // an id that was never dealt is the first's
	return own, index
}

func iteratorOf(text string) (stream string, index int, own string) {
	parts := strings.SplitN(text, iteratorMark, 4)
	if len(parts) != 4 {
		return "", 0, text
	}
	index, _ = strconv.Atoi(parts[1]) // written below
	return parts[0], index, parts[3]
}

// iterator is the engine's own as the proxy hands it out.
func (p *Proxy) iterator(c Call, own string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.iterators++
	return strings.Join([]string{c.stream, strconv.Itoa(c.shard), strconv.Itoa(p.iterators), own}, iteratorMark)
}

// sour returns the fault that a call's iterator has had before: one that has
// expired stays so.
func (p *Proxy) sour(c Call, f Fault) Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch was, known := p.spoilt[c.iterator]; {
	case known:
		return was
	case c.iterator != "" && (f == IteratorExpired || f == Trimmed):
		p.spoilt[c.iterator] = f
	}
	return f
}

// answerStream changes what the streams answer: iterators, shards and records.
func (p *Proxy) answerStream(w http.ResponseWriter, x *exchange, answer *http.Response) error {
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return fmt.Errorf("reading an answer of the stream: %w", err)
	}
	document := map[string]json.RawMessage{}
	if err := json.Unmarshal(body, &document); err != nil {
		return fmt.Errorf("an answer of the stream: %w", err)
	}
	switch x.call.Operation {
	case "DescribeStream":
		err = p.dealShards(document)
	case "GetShardIterator", "GetRecords":
		if x.call.Operation == "GetRecords" {
			err = p.spoilRecords(x, document)
		}
		for _, name := range []string{"ShardIterator", "NextShardIterator"} {
			var own string
			if json.Unmarshal(document[name], &own) == nil && own != "" {
				document[name] = quoted(p.iterator(x.call, own))
			}
		}
	}
	if err != nil {
		return err
	}
	if body, err = json.Marshal(document); err != nil {
		return fmt.Errorf("writing an answer of the stream anew: %w", err)
	}
	answer.Header.Del("X-Amz-Crc32")
	answer.Header.Set("Content-Length", strconv.Itoa(len(body)))
	copyHead(w, answer)
	return copyBody(w, bytes.NewReader(body))
}

func quoted(text string) json.RawMessage {
	raw, _ := json.Marshal(text) // cannot fail: a string
	return raw
}

// dealShards lists each shard of a stream as several. Those of a parent have the
// parent's of the same index.
func (p *Proxy) dealShards(document map[string]json.RawMessage) error {
	if p.config.Shards < 2 {
		return nil
	}
	var description map[string]any
	if err := json.Unmarshal(document["StreamDescription"], &description); err != nil {
		return fmt.Errorf("a stream's description: %w", err)
	}
	own, _ := description["Shards"].([]any)
	var dealt []any
	for _, each := range own {
		of, _ := each.(map[string]any)
		for index := range p.config.Shards {
			part := maps.Clone(of)
			for _, name := range []string{"ShardId", "ParentShardId"} {
				if id, ok := of[name].(string); ok {
					part[name] = id + shardMark + strconv.Itoa(index)
				}
			}
			dealt = append(dealt, part)
		}
	}
	description["Shards"] = dealt
	if last, ok := description["LastEvaluatedShardId"].(string); ok {
		description["LastEvaluatedShardId"] = last + shardMark + "0"
	}
	raw, err := json.Marshal(description)
	if err != nil {
		return fmt.Errorf("writing a stream's description anew: %w", err)
	}
	document["StreamDescription"] = raw
	return nil
}

// A record is a stream's record, kept as it came.
type record struct {
	raw json.RawMessage
	key string // of its item
}

// spoilRecords leaves the records of this shard, spoiled as the rule wants.
func (p *Proxy) spoilRecords(x *exchange, document map[string]json.RawMessage) error {
	records, err := p.records(x.call, document["Records"])
	if err != nil {
		return err
	}
	switch {
	case x.fault != Duplicated && x.fault != Reordered && x.fault != Withheld:
	case len(records) == 0:
		x.struck.spare()
	case x.fault == Duplicated:
		records = append(records, records...)
	case x.fault == Reordered:
		mixed := reordered(records, x.struck.rule.Seed)
		if slices.EqualFunc(mixed, records, func(a, b record) bool { return bytes.Equal(a.raw, b.raw) }) {
			x.struck.spare()
		}
		records = mixed
	case x.fault == Withheld:
		records = nil
		document["NextShardIterator"] = quoted(x.call.iteratorAsked())
	}
	raws := make([]json.RawMessage, len(records))
	for i, r := range records {
		raws[i] = r.raw
	}
	raw, err := json.Marshal(raws)
	if err != nil {
		return fmt.Errorf("writing records anew: %w", err)
	}
	document["Records"] = raw
	return nil
}

// iteratorAsked is the engine's own iterator of a GetRecords.
func (c Call) iteratorAsked() string {
	var r struct{ ShardIterator string }
	_ = json.Unmarshal(c.body, &r) // written by readStream
	return r.ShardIterator
}

// records are those of the shard that was asked for.
func (p *Proxy) records(c Call, raw json.RawMessage) ([]record, error) {
	var raws []json.RawMessage
	if err := json.Unmarshal(raw, &raws); len(raw) > 0 && err != nil {
		return nil, fmt.Errorf("the records of a stream: %w", err)
	}
	var records []record
	for _, raw := range raws {
		var r struct {
			Dynamodb struct{ Keys map[string]attribute } `json:"dynamodb"`
		}
		if err := json.Unmarshal(raw, &r); err != nil {
			return nil, fmt.Errorf("a record of a stream: %w", err)
		}
		key := keyText(r.Dynamodb.Keys)
		if p.config.Shards < 2 || int(sumOf(key))%p.config.Shards == c.shard {
			records = append(records, record{raw, key})
		}
	}
	return records, nil
}

func sumOf(text string) uint16 {
	h := fnv.New32a()
	h.Write([]byte(text))
	return uint16(h.Sum32())
}

// reordered draws records in turn from the queues of their items.
func reordered(records []record, seed uint64) []record {
	random := rand.New(rand.NewPCG(seed, uint64(len(records))))
	places := random.Perm(len(records))
	queues := map[string][]record{}
	for _, r := range records {
		queues[r.key] = append(queues[r.key], r)
	}
	mixed := make([]record, 0, len(records))
	for _, place := range places {
		key := records[place].key
		mixed = append(mixed, queues[key][0])
		queues[key] = queues[key][1:]
	}
	return mixed
}
