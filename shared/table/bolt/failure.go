package bolt

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/gander-images/gander/shared/table"
)

// A bbolt commit writes new pages, syncs, writes one of two meta pages that
// makes the new pages count, and syncs again. When it fails before the meta
// page is written, nothing happened, and bbolt has put its own state back.
//
// When it fails afterwards, readers see the new state although it may not be on
// disk, and the next commit would overwrite pages that the state on disk still
// uses. So the file is settled first: the meta pages are written and synced
// once more, and the file is opened anew. Then it is known whether the commit
// happened. Until it is settled nothing is written.

// settleCommit finds out what became of the commit numbered id that failed.
// It returns nil if the commit is on disk after all.
func (t *Table) settleCommit(id int, cause error) error {
	if newest, err := t.newest(); err == nil && newest < id {
		return t.refused(cause)
	}
	return t.settleAs(id, cause)
}

// settleAs settles the file and tells whether commit id is in it.
func (t *Table) settleAs(id int, cause error) error {
	t.unsettled = cause
	if err := t.settle(); err != nil {
		return fmt.Errorf("%w: %w", table.ErrUnknown, errors.Join(cause, err))
	}
	newest, err := t.newest()
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", table.ErrUnknown, errors.Join(cause, err))
	case newest < id:
		return t.refused(cause)
	default:
		return nil
	}
}

// abandon ends a commit that panicked. bbolt's own state cannot be trusted then,
// so the file is opened anew; if bbolt cannot even let go of the commit, nothing
// is written any more until a restart.
func (t *Table) abandon(tx *bbolt.Tx, cause error) error {
	id := tx.ID()
	if err := safely(tx.Rollback); err != nil {
		t.stuck = errors.Join(cause, err)
		return fmt.Errorf("%w: %w", table.ErrUnknown, t.stuck)
	}
	return t.settleAs(id, cause)
}

// newest returns the number of the last commit that readers see.
func (t *Table) newest() (id int, err error) {
	err = safely(func() error {
		return t.view(func(tx *bbolt.Tx) error {
			id = tx.ID()
			return nil
		})
	})
	return id, err
}

// usable settles what an earlier group left behind.
func (t *Table) usable() error {
	if t.stuck != nil {
		return fmt.Errorf("%w: %w", table.ErrBusy, t.stuck)
	}
	if t.unsettled == nil {
		return nil
	}
	if err := t.settle(); err != nil {
		return fmt.Errorf("%w: %w", table.ErrBusy, errors.Join(t.unsettled, err))
	}
	return nil
}

// settle makes the state that readers see the one on disk, and opens the file
// anew. If it cannot, readers keep what they have for as long as possible.
func (t *Table) settle() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.db != nil {
		if err := rewriteMeta(t.file, t.db.Info().PageSize); err != nil {
			return err
		}
		db := t.db
		t.db = nil
		if err := db.Close(); err != nil {
			return fmt.Errorf("closing the table file %s: %w", t.path, err)
		}
	}
	if err := t.openFile(); err != nil {
		return err
	}
	t.unsettled = nil
	return nil
}

// rewriteMeta makes both meta pages dirty again and syncs them: after a sync
// that failed, the kernel takes pages for clean that are not on disk.
func rewriteMeta(f *os.File, pageSize int) error {
	pages := make([]byte, 2*pageSize)
	if _, err := f.ReadAt(pages, 0); err != nil {
		return fmt.Errorf("reading the meta pages: %w", err)
	}
	if _, err := f.WriteAt(pages, 0); err != nil {
		return fmt.Errorf("writing the meta pages: %w", err)
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("syncing the meta pages: %w", err)
	}
	return nil
}

// refused says that nothing was written because of cause.
func (t *Table) refused(cause error) error {
	if full(cause) {
		return fmt.Errorf("%w: %w", table.ErrFull, cause)
	}
	return fmt.Errorf("%w: %w", table.ErrBusy, cause)
}

// full reports whether an error is about room: on the disk, in a quota, or
// under a limit for the size of a file.
func full(err error) bool {
	if errors.Is(err, bolterrors.ErrMaxSizeReached) {
		return true
	}
	for _, e := range []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG} {
		// bbolt wraps the error of a failed growth as text alone.
		if errors.Is(err, e) || strings.Contains(err.Error(), e.Error()) {
			return true
		}
	}
	return false
}
