package bolt

import (
	"encoding/binary"

	"go.etcd.io/bbolt"
)

// trim takes old changes away, the oldest first: those that every registered
// consumer has done, those older than the retention, and what is beyond the
// size limit. It returns how many of them a registered consumer had not done.
//
// The age of a change is counted while the table is open: consumers cannot
// follow while it is closed. A bounded number goes in one batch, more than a
// batch adds, so that no caller waits for a long clean-up.
func (t *Table) trim(b *batch, floor uint64, registered bool) (dropped int64, err error) {
	meta := b.tx.Bucket(metaBucket)
	total := feedSize(meta) + b.feedBytes
	oldest := t.settings.now().Add(-t.settings.retention).UnixMilli()
	if t.opened.UnixMilli() >= oldest {
		oldest = 0
	}
	var gone []uint64
	c := b.changes.Cursor()
	for k, v := c.First(); k != nil && len(gone) < 256+2*b.changed; k, v = c.Next() {
		seq := binary.BigEndian.Uint64(k)
		done := registered && seq <= floor
		if !done && total <= t.settings.feedBytes && changeTime(v) >= oldest {
			break
		}
		if registered && !done {
			dropped++
		}
		total -= int64(len(k) + len(v))
		gone = append(gone, seq)
	}
	for _, seq := range gone {
		if err := b.changes.Delete(sequenceKey(seq)); err != nil {
			return 0, err
		}
	}
	if b.changed == 0 && len(gone) == 0 {
		return 0, nil
	}
	return dropped, meta.Put(feedBytesKey, binary.AppendUvarint(nil, uint64(total))) //nolint:gosec // a sum of sizes
}

func feedSize(meta *bbolt.Bucket) int64 {
	n, _ := binary.Uvarint(meta.Get(feedBytesKey))
	return int64(n) //nolint:gosec // as trim wrote it
}
