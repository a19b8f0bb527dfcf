package key_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/gander-images/gander/shared/key"
	"github.com/gander-images/gander/shared/table"
)

// TestCost says what keys cost an image: nothing where it names none or says what it
// said, and else one read of two items, and the writes of the key's record and of
// its holder.
func TestCost(t *testing.T) {
	w := newWorld(t)
	w.makeKey(theKey)
	w.makeKey(otherKey)
	meter := table.NewMeter(w.table)
	cost := func(counted bool, do func() error) table.Use {
		t.Helper()
		w.use(meter, w.vault)
		if !counted {
			w.images.Keys = nil
		}
		meter.Reset()
		w.must(do())
		return meter.Total()
	}
	for _, c := range []struct {
		name          string
		do            func() error
		items, writes int64 // more than without keys
	}{
		{"create without a key", func() error { return w.create(owner, uuid.NewString(), map[string]string{"os_distro": "x"}) }, 0, 0},
		{"create", func() error { return w.create(owner, uuid.NewString(), names(theKey)) }, 2, 2},
		{"create by both properties", func() error { return w.create(owner, uuid.NewString(), both(theKey)) }, 2, 2},
		{"create of an unknown key", func() error { return w.create(owner, uuid.NewString(), names(uuid.NewString())) }, 2, 3},
	} {
		without, with := cost(false, c.do), cost(true, c.do)
		if items, writes := with.Items-without.Items, with.Writes-without.Writes; items != c.items || writes != c.writes {
			t.Errorf("%s: %d more items are read and %d more written, not %d and %d", c.name, items, writes, c.items, c.writes)
		}
		if with.Transactions != 1 || with.Queries != without.Queries {
			t.Errorf("%s: %d transactions, %d queries", c.name, with.Transactions, with.Queries)
		}
	}
	w.must(w.create(owner, imgA, names(theKey)))
	base := cost(false, func() error { return w.update(owner, imgA, set("os_distro", "x")) })
	for _, c := range []struct {
		name          string
		do            func() error
		items, writes int64 // more than an update without keys
	}{
		{"an update of something else", func() error { return w.update(owner, imgA, set("os_distro", "y")) }, 0, 0},
		{"another key", func() error { return w.update(owner, imgA, set(key.CinderKey, otherKey)) }, 4, 4},
		{"another policy", func() error { return w.update(owner, imgA, set(key.CinderPolicy, key.OnImageDeletion)) }, 2, 2},
	} {
		if use := cost(true, c.do); use.Items-base.Items != c.items || use.Writes-base.Writes != c.writes || use.Transactions != 1 {
			t.Errorf("%s: %d more items are read and %d more written, in %d transactions, not %d and %d",
				c.name, use.Items-base.Items, use.Writes-base.Writes, use.Transactions, c.items, c.writes)
		}
	}
}

// BenchmarkCreate makes images that name a key, and images that name none.
func BenchmarkCreate(b *testing.B) {
	for name, properties := range map[string]map[string]string{"without": {"os_distro": "x"}, "naming": names(theKey)} {
		b.Run(name, func(b *testing.B) {
			w := newWorld(b)
			w.makeKey(theKey)
			meter := table.NewMeter(w.table)
			w.use(meter, w.vault)
			b.ReportAllocs()
			for b.Loop() {
				w.must(w.create(owner, uuid.NewString(), properties))
			}
			use := meter.Total()
			b.ReportMetric(float64(use.Writes)/float64(b.N), "writes/op")
			b.ReportMetric(float64(use.Items)/float64(b.N), "reads/op")
		})
	}
}
