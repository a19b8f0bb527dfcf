package bolt_test

import (
	"path/filepath"
	"testing"

	"github.com/gander-images/gander/shared/table/bolt"
	"github.com/gander-images/gander/shared/table/tabletest"
)

func open(t *testing.T, path string, opts ...bolt.Option) tabletest.Store {
	t.Helper()
	b, err := bolt.Open(path, opts...)
	if err != nil {
		t.Fatal(err)
	}
	closed := func(t *testing.T) {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(func() { closed(t) })
	return tabletest.Store{Table: b, Feed: b, Reopen: func(t *testing.T) tabletest.Store {
		closed(t)
		return open(t, path, opts...)
	}}
}

func TestConformance(t *testing.T) {
	tabletest.Run(t, func(t *testing.T) tabletest.Store {
		return open(t, filepath.Join(t.TempDir(), "table"))
	})
}

func TestConformanceWithoutSync(t *testing.T) {
	tabletest.Run(t, func(t *testing.T) tabletest.Store {
		return open(t, filepath.Join(t.TempDir(), "table"), bolt.WithoutSync())
	})
}
