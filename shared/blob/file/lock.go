package file

import (
	"errors"
	"os"
	"syscall"
)

var errInUse = errors.New("it is in use by another process")

// takeLock holds f until it is closed. The system closes it when the process
// ends, in whatever way.
func takeLock(f *os.File) error {
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case errors.Is(err, syscall.EWOULDBLOCK):
			return errInUse
		}
		return err
	}
}
