package image

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/table"
)

// metered is a world whose table counts.
func metered(t *testing.T) (*world, *table.Meter) {
	w := newWorld(t)
	meter := table.NewMeter(w.table)
	w.use(meter, w.blobs)
	return w, meter
}

// usual drafts an image whose record takes about 1.5 KB.
func usual() Draft {
	d := raw()
	d.Properties = map[string]string{"os_distro": "debian", "description": strings.Repeat("x", 1000)}
	return d
}

// wantUse holds what do asks of the table to the bars of the design, to the unit.
// Both mixes are held to the same figures: what the local table reckons is what
// DynamoDB charges.
func wantUse(t *testing.T, what string, meter *table.Meter, want table.Use, do func() error) {
	t.Helper()
	meter.Reset()
	if err := do(); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if got := meter.Total(); got != want {
		t.Errorf("%s takes %+v, not %+v", what, got, want)
	}
}

// TestBars counts what one image costs in its life: created, shown and saved in
// one call each, a save of its record alone in 4 write units, and deleted in one
// transaction after reading nothing more.
func TestBars(t *testing.T) {
	w, meter := metered(t)
	var img *Image
	wantUse(t, "create", meter, table.Use{Transactions: 1, Writes: 5, Units: table.Units{Write: 12}}, func() (err error) {
		img, err = w.createAs(demo, usual())
		return err
	})
	items, err := w.table.Get(t.Context(), Key(img.ID))
	if err != nil || items[0].Size() < 1400 || items[0].Size() > 1600 {
		t.Fatalf("the record has %d bytes, %v", items[0].Size(), err)
	}
	wantUse(t, "show", meter, table.Use{Gets: 1, Items: 1, Units: table.Units{Read: 1}}, func() (err error) {
		img, err = w.get(img.ID)
		return err
	})
	wantUse(t, "save", meter, table.Use{Transactions: 1, Writes: 1, Units: table.Units{Write: 4}}, func() error {
		after := *img
		after.MinDisk = 7
		return w.service.save(context.Background(), img, &after)
	})
	img = w.mustGet(img.ID)
	grant := w.grant(policy.DeleteImage, demo, img)
	wantUse(t, "delete", meter, table.Use{Transactions: 1, Writes: 7, Units: table.Units{Write: 16}}, func() error {
		return w.service.Delete(context.Background(), grant, demo, img)
	})
}

// TestP12AmongTenThousand lists 25 of 25 images and 25 of 10,000 for the same
// price: one query for each scope and one read for each image, a unit each.
func TestP12AmongTenThousand(t *testing.T) {
	for _, n := range []int{25, 10000} {
		l := newLister(t)
		images, members := mixed(n)
		l.put(t, images...)
		l.putMembers(t, images, members)
		for _, c := range []struct {
			who    caller.Caller
			query  string
			scopes int64
		}{{demo, "", 3}, {demo, "visibility=all", 4}, {admin, "", 1}, {admin, "sort=name:asc", 1}} {
			what := fmt.Sprintf("a page of %d images for %s, %q", n, c.who.UserID, c.query)
			want := table.Use{Gets: 1, Items: 25, Queries: c.scopes, Units: table.Units{Read: 25 + c.scopes}}
			wantUse(t, what, l.meter, want, func() error {
				page, err := l.page(t.Context(), c.who, c.query)
				if len(page.Images) != 25 {
					t.Errorf("%s has %d", what, len(page.Images))
				}
				return err
			})
		}
	}
}
