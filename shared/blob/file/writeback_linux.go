package file

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// startWriteback begins to write a range, and does not wait.
func startWriteback(f *os.File, offset, n int64) error {
	return syncRange(f, offset, n, unix.SYNC_FILE_RANGE_WRITE)
}

// awaitWriteback waits until a range that was begun is on the disk.
func awaitWriteback(f *os.File, offset, n int64) error {
	return syncRange(f, offset, n, unix.SYNC_FILE_RANGE_WAIT_BEFORE|unix.SYNC_FILE_RANGE_WRITE|unix.SYNC_FILE_RANGE_WAIT_AFTER)
}

// syncRange is a hint on file systems that do not know it.
func syncRange(f *os.File, offset, n int64, flags int) error {
	for {
		err := unix.SyncFileRange(int(f.Fd()), offset, n, flags)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case anyOf(err, unix.ENOSYS, unix.EINVAL, unix.ESPIPE, unix.EOPNOTSUPP):
			return nil
		}
		return err
	}
}
