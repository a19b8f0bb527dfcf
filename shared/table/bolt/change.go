package bolt

import (
	"encoding/binary"
	"fmt"

	"go.etcd.io/bbolt"

	"github.com/gander-images/gander/shared/table"
)

// A change lies under its sequence number (8 bytes, big endian) as:
//
//	time in Unix milliseconds (varint)
//	length and bytes of partition and of sort (uvarint)
//	length of the old item and one, 0 for none (uvarint); the old item as in item.go
//	the same for the new item
//
// record notes what a step is about to do to its item. It copies both values,
// so the old one may lie in the file's mapping.
func (b *batch) record(s *step, value []byte) error {
	seq, err := b.changes.NextSequence()
	if err != nil {
		return err
	}
	k := s.write.Key
	c := make([]byte, 0, 6*binary.MaxVarintLen64+len(s.key)+len(s.oldValue)+len(value))
	c = binary.AppendVarint(c, b.now)
	c = appendBytes(c, k.Partition, 0)
	c = appendBytes(c, k.Sort, 0)
	c = appendOptional(c, s.oldValue)
	c = appendOptional(c, value)
	b.changed++
	b.feedBytes += sequenceBytes + int64(len(c))
	return b.changes.Put(sequenceKey(seq), c)
}

const sequenceBytes = 8

func sequenceKey(seq uint64) []byte { return binary.BigEndian.AppendUint64(nil, seq) }

func appendBytes[T string | []byte](dst []byte, v T, more uint64) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(v))+more)
	return append(dst, v...)
}

func appendOptional(dst, v []byte) []byte {
	if v == nil {
		return append(dst, 0)
	}
	return appendBytes(dst, v, 1)
}

// decodeChange makes the consumer's own copy of a change.
func decodeChange(key, value []byte) (table.Change, error) {
	r := reader{rest: value}
	r.varint()
	k := table.Key{Partition: string(r.bytes(r.uvarint())), Sort: string(r.bytes(r.uvarint()))}
	c := table.Change{Sequence: sequenceText(binary.BigEndian.Uint64(key))}
	var err error
	if c.Old, err = r.item(k); err != nil {
		return c, err
	}
	c.New, err = r.item(k)
	return c, err
}

func (r *reader) item(k table.Key) (*table.Item, error) {
	n := r.uvarint()
	if r.bad {
		return nil, errDamaged
	}
	if n == 0 {
		return nil, nil
	}
	value := r.bytes(n - 1)
	if r.bad {
		return nil, errDamaged
	}
	rec, err := decode(value)
	if err != nil {
		return nil, err
	}
	return rec.item(k), nil
}

// changeTime returns when a change was made, in Unix milliseconds.
func changeTime(value []byte) int64 {
	r := reader{rest: value}
	return r.varint()
}

// Batches of changes as they are handed to a consumer.
const (
	deliverChanges = 100
	deliverBytes   = 1 << 20
)

// changesAfter reads the changes that follow a position, as many as make one
// delivery, and the position of each.
func (t *Table) changesAfter(position uint64) (changes []table.Change, seqs []uint64, err error) {
	err = t.view(func(tx *bbolt.Tx) error {
		size, c := 0, tx.Bucket(changeBucket).Cursor()
		for k, v := c.Seek(sequenceKey(position + 1)); k != nil; k, v = c.Next() {
			if len(changes) == deliverChanges || size > deliverBytes {
				break
			}
			size += len(v)
			seq := binary.BigEndian.Uint64(k)
			change, err := decodeChange(k, v)
			if err != nil {
				return fmt.Errorf("reading change %d: %w", seq, err)
			}
			changes, seqs = append(changes, change), append(seqs, seq)
		}
		return nil
	})
	return changes, seqs, err
}
