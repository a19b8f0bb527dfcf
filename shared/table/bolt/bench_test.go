package bolt

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gander-images/gander/shared/table"
)

const benchBody = 1500 // bytes of a usual image record

func filled(b *testing.B, items int) *Table {
	b.Helper()
	t := openNew(b, WithoutSync())
	for i := 0; i < items; i += 50 {
		var writes []table.Write
		for n := range 50 {
			w := create(fmt.Sprintf("%08d", i+n))
			w.Body, w.Counters = make([]byte, benchBody), map[string]int64{"members": 1}
			writes = append(writes, w)
		}
		if _, err := t.Transact(b.Context(), writes...); err != nil {
			b.Fatal(err)
		}
	}
	return t
}

func BenchmarkGet(b *testing.B) {
	t := filled(b, 10000)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if items, err := t.Get(b.Context(), key(fmt.Sprintf("%08d", i*7919%10000))); err != nil || items[0] == nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGetOf25(b *testing.B) {
	t := filled(b, 10000)
	keys := make([]table.Key, 25)
	for i := range keys {
		keys[i] = key(fmt.Sprintf("%08d", i*7919%10000))
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := t.Get(b.Context(), keys...); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkQueryOf25 must take as long among a hundred thousand items as among
// a thousand.
func BenchmarkQueryOf25(b *testing.B) {
	for _, items := range []int{1000, 100000} {
		b.Run(fmt.Sprint(items), func(b *testing.B) {
			t := filled(b, items)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				page, err := t.Query(b.Context(), table.Query{Partition: "p", After: fmt.Sprintf("%08d", i*7919%(items-50)), Limit: 25})
				if err != nil || len(page.Items) != 25 {
					b.Fatal(err, len(page.Items))
				}
			}
		})
	}
}

// BenchmarkTransact writes an item and a counter in each transaction, synced.
// Its yardstick is BenchmarkYardstickSync.
func BenchmarkTransact(b *testing.B) {
	for _, writers := range []int{1, 4, 16, 64} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			t := openNew(b)
			start := t.Stats()
			var next atomic.Int64
			b.ReportAllocs()
			b.ResetTimer()
			var group sync.WaitGroup
			for range writers {
				group.Go(func() {
					for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
						w := create(fmt.Sprint(n))
						w.Body = make([]byte, benchBody)
						count := table.Write{Kind: table.Add, Key: table.Key{Partition: "usage", Sort: fmt.Sprint(n % 8)}, Counters: map[string]int64{"n": 1}}
						if outcome, err := t.Transact(context.Background(), w, count); err != nil || !outcome.OK() {
							b.Error(outcome, err)
							return
						}
					}
				})
			}
			group.Wait()
			b.StopTimer()
			end := t.Stats()
			b.ReportMetric(float64(end.Transactions-start.Transactions)/float64(end.Syncs-start.Syncs), "tx/fsync")
		})
	}
}

// BenchmarkYardstickSync is what the disk gives: 4 KB written over and synced.
func BenchmarkYardstickSync(b *testing.B) {
	f, err := os.Create(filepath.Join(b.TempDir(), "yardstick"))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	page := make([]byte, 4096)
	for b.Loop() {
		if _, err := f.WriteAt(page, 0); err != nil {
			b.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
	}
}
