package image

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"testing"

	"github.com/gander-images/gander/shared/caller"
)

// BenchmarkList makes pages of 25 out of few and many images, at the start of the
// list and deep down. GANDER_BENCH_IMAGES adds a size, such as 200000.
func BenchmarkList(b *testing.B) {
	sizes := []int{25, 20_000}
	if n, err := strconv.Atoi(os.Getenv("GANDER_BENCH_IMAGES")); err == nil {
		sizes = append(sizes, n)
	}
	for _, n := range sizes {
		l := newLister(b)
		images := numbered(n)
		l.put(b, images...)
		deep := images[min(n-1, n/10+25)].ID
		for _, c := range []struct {
			name  string
			who   caller.Caller
			query string
		}{
			{"created", demo, ""},
			{"created-deep", demo, "marker=" + deep},
			{"name", demo, "sort=name:asc"},
			{"one-name", demo, "name=" + *images[n/2].Name},
			{"admin", admin, ""},
			{"status", demo, "status=active"},
		} {
			q, err := query(c.query)
			if err != nil {
				b.Fatal(err)
			}
			b.Run(fmt.Sprintf("%s/of=%d", c.name, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := l.List(context.Background(), l.grant, c.who, q, mayAll); err != nil {
						b.Fatal(err)
					}
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
		if _, err := l.List(context.Background(), l.grant, demo, q, mayAll); err != nil {
			b.Fatal(err)
		}
	}
}
