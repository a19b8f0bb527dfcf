package file

import (
	"errors"
	"os"
	"syscall"
)

// takeLock holds f until it is closed. The system closes it when the process
// ends, in whatever way.
func takeLock(f *os.File) error {
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}
