package bolt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// format is the layout of the file that this code writes: the buckets below,
// the keys of key.go, the values of item.go and change.go.
const format = 1

var (
	metaBucket     = []byte("gander")    // format, and the bytes of all changes
	itemBucket     = []byte("items")     // item key: item
	changeBucket   = []byte("changes")   // sequence number: change
	consumerBucket = []byte("consumers") // name: sequence number of the last change done

	formatKey    = []byte("format")
	feedBytesKey = []byte("feed bytes")
)

const (
	initialMapping = 64 << 20 // room to grow in before readers have to be waited for
	growth         = 4 << 20  // the file grows by so many bytes at a time
)

// openFile opens t.db. The caller holds t.mu or is alone.
func (t *Table) openFile() error {
	db, err := bbolt.Open(t.path, 0o600, &bbolt.Options{
		Timeout:         t.settings.lockWait,
		NoSync:          t.settings.noSync,
		NoGrowSync:      t.settings.noSync,
		FreelistType:    bbolt.FreelistMapType,
		InitialMmapSize: initialMapping,
		NoStatistics:    true,
		OpenFile: func(name string, flag int, mode os.FileMode) (*os.File, error) {
			f, err := os.OpenFile(name, flag, mode) //nolint:gosec // the operator names the file
			t.file = f
			return f, err
		},
	})
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return fmt.Errorf("the table file %s is in use by another process", t.path)
	case errors.Is(err, bolterrors.ErrInvalid), errors.Is(err, bolterrors.ErrVersionMismatch), errors.Is(err, bolterrors.ErrChecksum):
		return fmt.Errorf("the file %s is not a table of Gander, or is damaged: %w", t.path, err)
	case err != nil:
		return fmt.Errorf("opening the table file %s: %w", t.path, err)
	}
	db.AllocSize = growth
	t.db = db
	if t.settings.noSync {
		return nil
	}
	return syncFolder(filepath.Dir(t.path))
}

// syncFolder makes the file's name durable, whoever made it: an earlier process
// may have ended before it could.
func syncFolder(name string) error {
	dir, err := os.Open(name) //nolint:gosec // the operator names the file
	if err != nil {
		return fmt.Errorf("opening the folder of the table file: %w", err)
	}
	if err := errors.Join(dir.Sync(), dir.Close()); err != nil {
		return fmt.Errorf("syncing the folder %s: %w", name, err)
	}
	return nil
}

// prepare makes the buckets of a new file and refuses a foreign or newer one.
func (t *Table) prepare() error {
	fresh := false
	err := t.db.View(func(tx *bbolt.Tx) error {
		if first, _ := tx.Cursor().First(); first == nil {
			fresh = true
			return nil
		}
		return t.checkFormat(tx)
	})
	if err != nil {
		return err
	}
	if !fresh {
		return t.db.View(t.feeds.load)
	}
	err = t.db.Update(func(tx *bbolt.Tx) error {
		for _, name := range [][]byte{metaBucket, itemBucket, changeBucket, consumerBucket} {
			if _, err := tx.CreateBucket(name); err != nil {
				return err
			}
		}
		return tx.Bucket(metaBucket).Put(formatKey, binary.AppendUvarint(nil, format))
	})
	if err != nil {
		return fmt.Errorf("preparing the table file %s: %w", t.path, err)
	}
	return nil
}

func (t *Table) checkFormat(tx *bbolt.Tx) error {
	var value []byte
	if meta := tx.Bucket(metaBucket); meta != nil {
		value = meta.Get(formatKey)
	}
	found, n := binary.Uvarint(value)
	if n <= 0 {
		return fmt.Errorf("the file %s is not a table of Gander", t.path)
	}
	if found > format {
		return fmt.Errorf("the table file %s has format %d, made by a newer Gander; this one knows format %d", t.path, found, format)
	}
	return nil
}
