//go:build cloud

package image

import (
	"flag"
	"testing"

	"github.com/gander-images/gander/localstack/emulatortest"
	"github.com/gander-images/gander/shared/blob/s3"
	"github.com/gander-images/gander/shared/image/imagetest"
	"github.com/gander-images/gander/shared/table"
	"github.com/gander-images/gander/shared/table/dynamo"
)

// Tables are made and filled over HTTP here, so the random tests draw fewer
// examples than on the local mix.
func init() { _ = flag.Set("rapid.checks", "20") }

// deliveries is how many orders of changes are played to the reaper.
const deliveries = 4

// openPorts opens the cloud mix over a table and a bucket of its own. Engines take
// longer for each write whose change they keep, so they do so only when asked.
func openPorts(tb testing.TB, followed bool) ports {
	tb.Helper()
	open := emulatortest.NewStill
	if followed {
		open = emulatortest.New
	}
	place := open(tb)
	tab := dynamo.Open(place.Config, place.Table)
	p := ports{table: tab, source: imagetest.Through(tab, place.Keys), blobs: s3.Open(place.Config, place.Bucket)}
	if followed {
		p.feed = dynamo.Follow(tab, place.Config)
	}
	return p
}

// openTable opens a new table of the cloud mix.
func openTable(tb testing.TB) table.Table {
	tb.Helper()
	place := emulatortest.NewTable(tb)
	return dynamo.Open(place.Config, place.Table)
}
