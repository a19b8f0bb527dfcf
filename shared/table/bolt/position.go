package bolt

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"go.etcd.io/bbolt"

	"github.com/gander-images/gander/shared/table"
)

var _ table.Positioner = (*Table)(nil)

// Position implements table.Positioner. Changes that were dropped before the consumer
// came to them are not counted.
func (t *Table) Position(ctx context.Context, consumer string) (table.Position, error) {
	if err := ready(ctx); err != nil {
		return table.Position{}, err
	}
	var p table.Position
	done := t.feeds.at(consumer)
	if done > 0 {
		p.Sequence = sequenceText(done)
	}
	err := t.view(func(tx *bbolt.Tx) error {
		c := tx.Bucket(changeBucket).Cursor()
		next, value := c.Seek(sequenceKey(done + 1))
		if next == nil {
			return nil
		}
		first := binary.BigEndian.Uint64(next)
		p.Oldest = time.UnixMilli(changeTime(value))
		last, _ := c.Last()                                         // they are numbered without gaps
		p.Behind = int64(binary.BigEndian.Uint64(last) - first + 1) //nolint:gosec // as many as fit into a file
		return nil
	})
	if err != nil {
		return table.Position{}, fmt.Errorf("reading the position of %s: %w", consumer, err)
	}
	return p, nil
}

// at is the last change that a consumer has done; 0 before the first.
func (f *feeds) at(consumer string) uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.position[consumer]
}

// sequenceText is a change's number as consumers see it.
func sequenceText(n uint64) string { return fmt.Sprintf("%020d", n) }
