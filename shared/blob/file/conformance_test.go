package file

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/gander-images/gander/shared/blob/blobtest"
)

func TestMain(m *testing.M) {
	if child() {
		return
	}
	goleak.VerifyTestMain(m)
}

// Lists longer than a batch are left to the store that does not wait for the disk.
func TestConformance(t *testing.T) {
	for _, c := range []struct {
		name    string
		options []Option
		many    int
	}{
		{"synced", nil, 10},
		{"unsynced", []Option{NoSync()}, batch + 50},
	} {
		t.Run(c.name, func(t *testing.T) {
			blobtest.Run(t, func(t *testing.T) blobtest.Store {
				s := openStore(t, t.TempDir(), c.options)
				s.Many = c.many
				return s
			})
		})
	}
}

func openStore(t *testing.T, dir string, options []Option) blobtest.Store {
	t.Helper()
	s, err := Open(dir, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return blobtest.Store{Blobs: s, Reopen: func(t *testing.T) blobtest.Store {
		t.Helper()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		return openStore(t, dir, options)
	}}
}
