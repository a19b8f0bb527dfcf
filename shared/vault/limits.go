package vault

import (
	"fmt"
	"strings"
	"time"
)

// maxKey is how many characters a name's key has at most.
const maxKey = 64

// CheckName returns ErrInvalid for a name that is none.
func CheckName(n Name) error {
	const allowed = "abcdefghijklmnopqrstuvwxyz0123456789-"
	switch {
	case n.Key == "" || len(n.Key) > maxKey || strings.Trim(n.Key, allowed) != "":
		return fmt.Errorf("%w: a key is 1 to %d of [a-z0-9-]", ErrInvalid, maxKey)
	case n.Generation < 1:
		return fmt.Errorf("%w: generations count from 1", ErrInvalid)
	}
	return nil
}

// CheckValue returns ErrInvalid for a value that cannot be kept.
func CheckValue(value []byte) error {
	if len(value) == 0 || len(value) > MaxValueBytes {
		return fmt.Errorf("%w: a value has 1 to %d bytes", ErrInvalid, MaxValueBytes)
	}
	return nil
}

// Days returns the whole days of a recovery window, or ErrInvalid.
func Days(window time.Duration) (int64, error) {
	const day = 24 * time.Hour
	if window%day != 0 || window < MinWindow || window > MaxWindow {
		return 0, fmt.Errorf("%w: a window has 7 to 30 whole days", ErrInvalid)
	}
	return int64(window / day), nil
}
