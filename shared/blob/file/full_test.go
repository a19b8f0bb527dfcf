package file

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/gander-images/gander/shared/blob"
)

const mib = 1 << 20

// TestFullByLimit lets a child write no file beyond 2 MiB.
func TestFullByLimit(t *testing.T) {
	if _, err := startChild(t, "full", filepath.Join(t.TempDir(), "images"), 0); err != nil {
		t.Error(err)
	}
}

func lifeWithinLimit() error {
	s, err := Open(os.Getenv(childDir))
	if err != nil {
		return err
	}
	large, err := write(s, "large", 3*mib)
	if err != nil {
		return err
	}
	signal.Ignore(syscall.SIGXFSZ)
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 2 * mib, Max: 2 * mib}); err != nil {
		return err
	}
	return fillUp(s, large)
}

// fillUp meets a disk that has room for 2 MiB more, and not for 3.
func fillUp(s *Store, large blob.Object) error {
	ctx := context.Background()
	if o, err := write(s, "larger", 3*mib); !errors.Is(err, blob.ErrFull) {
		return fmt.Errorf("writing too much: %+v, error %w, want ErrFull", o, err)
	}
	if o, err := s.Copy(ctx, large.Name, large.Version, "copy"); !errors.Is(err, blob.ErrFull) {
		return fmt.Errorf("copying too much: %+v, error %w, want ErrFull", o, err)
	}
	if _, err := write(s, "small", mib); err != nil {
		return fmt.Errorf("writing what there is room for: %w", err)
	}
	seen := 0
	err := s.Walk(ctx, "", func(o blob.Object) error {
		if seen++; o.Unfinished || o.Name != "large" && o.Name != "small" {
			return fmt.Errorf("there is %+v", o)
		}
		return nil
	})
	if err == nil && seen != 2 {
		err = fmt.Errorf("there are %d objects, want 2", seen)
	}
	return err
}

// write makes an object of zeroes in small pieces, and aborts it on failure only
// after having looked that the store did so by itself.
func write(s *Store, name string, size int64) (blob.Object, error) {
	w, err := s.Create(context.Background(), name)
	if err != nil {
		return blob.Object{}, err
	}
	_, err = io.CopyBuffer(struct{ io.Writer }{w}, io.LimitReader(zeroes{}, size), bytes.Repeat([]byte{1}, 64<<10))
	if err == nil {
		return w.Commit(context.Background())
	}
	left := s.Walk(context.Background(), name, func(o blob.Object) error {
		if o.Name != name {
			return nil
		}
		return fmt.Errorf("a failed writer left %+v", o)
	})
	return blob.Object{}, errors.Join(err, left, w.Abort(context.Background()))
}

type zeroes struct{}

func (zeroes) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
