package file

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"github.com/gander-images/gander/shared/blob"
)

// explain turns what the system said into what the port says, and keeps the
// cause for the log. Only for calls that left nothing behind.
func explain(doing, name string, err error) error {
	var kind error
	switch {
	case anyOf(err, blob.ErrNotFound, blob.ErrExists, blob.ErrFull, blob.ErrBusy):
	case errors.Is(err, fs.ErrNotExist):
		kind = blob.ErrNotFound
	case anyOf(err, syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG):
		kind = blob.ErrFull
	case anyOf(err, syscall.EIO, syscall.EROFS, syscall.EACCES, syscall.EPERM, syscall.EMFILE, syscall.ENFILE,
		syscall.ENOMEM, syscall.ESTALE, syscall.ETIMEDOUT):
		kind = blob.ErrBusy
	}
	if kind == nil {
		return fmt.Errorf("%s %s: %w", doing, name, err)
	}
	return fmt.Errorf("%s %s: %w: %w", doing, name, kind, err)
}

func anyOf(err error, kinds ...error) bool {
	for _, kind := range kinds {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}
