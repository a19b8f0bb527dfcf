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

func TestConformance(t *testing.T) {
	for name, options := range map[string][]Option{"synced": nil, "unsynced": {NoSync()}} {
		t.Run(name, func(t *testing.T) {
			blobtest.Run(t, func(t *testing.T) blobtest.Store { return openStore(t, t.TempDir(), options) })
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
