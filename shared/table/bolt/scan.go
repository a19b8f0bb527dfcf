package bolt

import (
	"encoding/binary"
	"fmt"

	"go.etcd.io/bbolt"

	"github.com/gander-images/gander/shared/table"
)

// Scan calls visit for every item in the file, in no promised order, until
// visit fails. The items are one snapshot. It is for audits and for moving to
// another table: nothing that serves a request may need it.
func (t *Table) Scan(visit func(table.Item) error) error {
	return t.view(func(tx *bbolt.Tx) error {
		return tx.Bucket(itemBucket).ForEach(func(key, value []byte) error {
			k, err := splitKey(key)
			if err != nil {
				return err
			}
			rec, err := decode(value)
			if err != nil {
				return fmt.Errorf("reading %q: %w", key, err)
			}
			return visit(*rec.item(k))
		})
	})
}

// splitKey is the inverse of itemKey.
func splitKey(key []byte) (table.Key, error) {
	const prefix = 2
	if len(key) < prefix {
		return table.Key{}, errDamaged
	}
	sortAt := prefix + int(binary.BigEndian.Uint16(key))
	if sortAt > len(key) {
		return table.Key{}, errDamaged
	}
	return table.Key{Partition: string(key[prefix:sortAt]), Sort: string(key[sortAt:])}, nil
}
