package protect

import (
	"fmt"
	"testing"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/image"
)

// BenchmarkList shows the 25 images of a list's page, with ten properties each,
// to one caller: without protections, with all of them readable, and with one of
// each image hidden.
func BenchmarkList(b *testing.B) {
	images := make([]*image.Image, 25)
	for i := range images {
		images[i] = &image.Image{Properties: map[string]string{"x_billing_code_ntt": "ntt_3251"}}
		for n := range 9 {
			images[i].Properties[fmt.Sprintf("hw_property_%d", n)] = "x"
		}
	}
	const sections = "[^x_billing_code_.*]\ncreate = admin\nread = admin,%s\nupdate = admin\ndelete = admin\n[^os_]\n" + all + "[.*]\n" + all
	c := caller.Caller{Roles: []string{"member", "reader"}}
	for _, bench := range []struct {
		name  string
		rules *Rules
	}{
		{"without", nil},
		{"readable", mustParse(b, fmt.Sprintf(sections, "member"), Roles, none)},
		{"hidden", mustParse(b, fmt.Sprintf(sections, "keeper"), Roles, none)},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var p image.Protection
				if bench.rules != nil {
					p = bench.rules.For(c, nil, quiet)
				}
				for _, img := range images {
					_ = img.SeenThrough(p)
				}
			}
		})
	}
}
