//go:build unix

package image

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/caller"
)

// many is how many images the large list of a benchmark has; GANDER_BENCH_IMAGES
// says otherwise.
func many(b *testing.B) int {
	text := os.Getenv("GANDER_BENCH_IMAGES")
	if text == "" {
		return 200_000
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 100 {
		b.Fatalf("GANDER_BENCH_IMAGES=%s is no number of images", text)
	}
	return n
}

// filled makes a list of n images, of which demo sees five in six, and returns
// it with markers that 25 images stand behind and more; few has 25.
func filled(b *testing.B, n int) (l *lister, images []*Image, marker string) {
	b.Helper()
	images, members := mixed(max(25, n*5/6))
	top := numbered(1)[0]
	top.Hidden, top.CreatedAt = true, zeroTime.Add(1000*time.Hour)
	images = append(images, top)
	l = newLister(b)
	var writers sync.WaitGroup // the table takes what many write at once for one
	for part := range slices.Chunk(images, len(images)/64+1) {
		writers.Go(func() {
			l.put(b, part...)
			l.putMembers(b, part, members)
		})
	}
	writers.Wait()
	if n > 25 {
		return l, images, images[n/10].ID
	}
	return l, images, top.ID
}

// spent is the processor time that the process took so far, which other processes
// have no part in.
func spent(b *testing.B) time.Duration {
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		b.Fatal(err)
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}

// BenchmarkList makes pages of 25 out of 25 images and out of many, from the
// start of the list and from deep within. cpu-ns/op is the processor time of one,
// of-25 what it is of that of a page out of 25.
func BenchmarkList(b *testing.B) {
	few := map[string]float64{}
	for _, n := range []int{25, many(b)} {
		l, images, marker := filled(b, n)
		for _, c := range []struct {
			name  string
			who   caller.Caller
			query string
		}{
			{"own", demo, ""},
			{"own-deep", demo, "marker=" + marker},
			{"admin", admin, ""},
			{"admin-deep", admin, "marker=" + marker},
			{"all", demo, "visibility=all"},
			{"admin-name", admin, "sort=name:asc"},
			{"one-name", admin, "name=" + *images[n/2].Name},
			{"status", demo, "status=active"},
		} {
			q, err := query(c.query)
			if err != nil {
				b.Fatal(err)
			}
			b.Run(fmt.Sprintf("%s/of=%d", c.name, n), func(b *testing.B) {
				b.ReportAllocs()
				before := spent(b)
				for b.Loop() {
					page, err := l.List(context.Background(), l.grant, nil, c.who, q, mayAll)
					if err != nil {
						b.Fatal(err)
					}
					if len(page.Images) != 25 && c.name != "one-name" {
						b.Fatalf("a page of %d", len(page.Images))
					}
				}
				each := float64(spent(b)-before) / float64(b.N)
				b.ReportMetric(each, "cpu-ns/op")
				if n == 25 {
					few[c.name] = each
				} else if few[c.name] > 0 {
					b.ReportMetric(each/few[c.name], "of-25")
				}
			})
		}
	}
}

// BenchmarkListScan sorts 2,000 images in an order that no entries are kept in.
func BenchmarkListScan(b *testing.B) {
	l := newLister(b)
	l.put(b, numbered(2000)...)
	q, err := query("sort=size:asc")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := l.List(context.Background(), l.grant, nil, demo, q, mayAll); err != nil {
			b.Fatal(err)
		}
	}
}
