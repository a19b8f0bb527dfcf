package dynamo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/gander-images/gander/shared/table"
)

// Where the positions of consumers lie.
const (
	positionPartition = "deployment"
	positionPrefix    = "consumer#"
	positionSchema    = 1
)

// keepEvery is how often a position is written while changes flow.
const keepEvery = time.Second

// A position is how far a consumer has come in one shard.
type position struct {
	After string `json:"after,omitempty"` // sequence number of the last change done
	Done  bool   `json:"done,omitempty"`  // the shard has ended, and all of it is done
}

// further returns whichever of two positions in one shard is ahead.
func (p position) further(q position) position {
	if p.Done || !q.Done && padded(p.After) >= padded(q.After) {
		return p
	}
	return q
}

// A checkpoint is a consumer's position in a stream, as it is written down.
type checkpoint struct {
	document
	home     *Table
	consumer string
	revision int64 // of the item; 0 while there is none
	loaded   bool
	dirty    bool      // there is something to write
	written  time.Time // when it was, or was tried, last
}

// A document is the body of a checkpoint's item.
type document struct {
	Stream string              `json:"stream"` // ARN
	Shards map[string]position `json:"shards"` // by id
}

func newCheckpoint(t *Table, consumer string) *checkpoint {
	return &checkpoint{home: t, consumer: consumer}
}

func (c *checkpoint) key() table.Key {
	return table.Key{Partition: positionPartition, Sort: positionPrefix + c.consumer}
}

// load reads the position, once.
func (c *checkpoint) load(ctx context.Context) error {
	if c.loaded {
		return nil
	}
	items, err := c.home.Get(ctx, c.key())
	if err != nil {
		return err
	}
	if c.document, c.revision, err = readPosition(items[0]); err != nil {
		return err
	}
	c.loaded = true
	return nil
}

func readPosition(item *table.Item) (d document, revision int64, err error) {
	if item == nil {
		return d, 0, nil
	}
	if item.Schema > positionSchema {
		return d, 0, fmt.Errorf("%w: %s was written by a newer version", table.ErrUnusable, item.Sort)
	}
	if err := json.Unmarshal(item.Body, &d); err != nil {
		return d, 0, fmt.Errorf("dynamo: reading %s: %w", item.Sort, err)
	}
	return d, item.Revision, nil
}

// restart begins with a stream that is not the one the position was in.
func (c *checkpoint) restart(stream string) { c.document = document{Stream: stream} }

// forget leaves out a shard that the stream no longer has. Should another process
// bring it back, the next list forgets it again.
func (c *checkpoint) forget(id string) { delete(c.Shards, id) }

// keepSometimes writes the position down if that is due.
func (r *follower) keepSometimes(ctx context.Context) {
	if time.Since(r.written) < keepEvery {
		return
	}
	if err := r.keep(ctx); err != nil && ctx.Err() == nil {
		r.tell(ctx, err)
	}
}

// keepLast writes the position down before Changes returns; ctx may have ended.
// If that fails, changes are delivered again by the next run, which a consumer
// must bear anyway.
func (r *follower) keepLast(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if err := r.keep(ctx); err != nil {
		r.tell(ctx, err)
	}
}

func (r *follower) tell(ctx context.Context, err error) {
	r.table.settings.log.WarnContext(ctx, "a position in the table's stream was not written", "consumer", r.consumer, "error", err)
}

// keep writes the position down if it has moved.
func (r *follower) keep(ctx context.Context) error {
	if !r.dirty {
		return nil
	}
	r.written = time.Now()
	if r.Shards == nil {
		r.Shards = make(map[string]position, len(r.shards))
	}
	for _, s := range r.shards {
		if s.position != (position{}) {
			r.Shards[s.id] = s.position
		}
	}
	if err := r.write(ctx); err != nil {
		return err
	}
	r.dirty = false
	return nil
}

// keepTries bounds how often a position is merged with that of another process.
const keepTries = 5

// write writes the position against the revision read. Where another process
// wrote in between, whatever is further stays.
func (c *checkpoint) write(ctx context.Context) error {
	for range keepTries {
		body, err := json.Marshal(c.document)
		if err != nil {
			return err
		}
		w := table.Write{Kind: table.Put, Key: c.key(), Schema: positionSchema, Body: body, If: table.IfRevision(c.revision)}
		if c.revision == 0 {
			w.If = table.IfAbsent()
		}
		outcome, err := c.home.Transact(ctx, w)
		if err != nil {
			return err
		}
		if outcome.OK() {
			c.revision++
			return nil
		}
		if err := c.merge(outcome.Failed[0].Item); err != nil {
			return err
		}
	}
	return errors.New("dynamo: too many processes follow as one consumer")
}

// merge takes over what another process has done meanwhile.
func (c *checkpoint) merge(item *table.Item) error {
	other, revision, err := readPosition(item)
	if err != nil {
		return err
	}
	c.revision = revision
	if other.Stream != c.Stream {
		return nil // of a stream that is no longer the table's
	}
	mine := c.Shards
	c.Shards = maps.Clone(other.Shards)
	if c.Shards == nil {
		c.Shards = make(map[string]position, len(mine))
	}
	for id, p := range mine {
		c.Shards[id] = p.further(c.Shards[id])
	}
	return nil
}
