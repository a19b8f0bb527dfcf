//go:build !cloud

package image

import (
	"path/filepath"
	"testing"

	"github.com/gander-images/gander/shared/blob/file"
	"github.com/gander-images/gander/shared/table"
	"github.com/gander-images/gander/shared/table/bolt"
)

// deliveries is how many orders of changes are played to the reaper.
const deliveries = 20

// openPorts opens the local mix in a new folder.
func openPorts(tb testing.TB, followed bool) ports {
	tb.Helper()
	tab := openTable(tb).(*bolt.Table)
	blobs, err := file.Open(filepath.Join(tb.TempDir(), "images"), file.NoSync())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = blobs.Close() })
	p := ports{table: tab, source: tab, blobs: blobs}
	if followed {
		p.feed = tab
	}
	return p
}

// openTable opens a new table of the local mix.
func openTable(tb testing.TB) table.Table {
	tb.Helper()
	tab, err := bolt.Open(filepath.Join(tb.TempDir(), "table.db"), bolt.WithoutSync())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = tab.Close() })
	return tab
}
