package image

import (
	"testing"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/policy"
)

// BenchmarkDecideImage decides as requests do: the target is made of the stored
// image, once for each decision.
func BenchmarkDecideImage(b *testing.B) {
	rules, err := policy.New(nil)
	if err != nil {
		b.Fatal(err)
	}
	owner := "6b1bf9a0b2e34a2ebf0d0a9a6a1c9c11"
	img := &Image{Owner: &owner, Visibility: Shared, CreatorUserID: "f2f1d5b1a9d3433bb0a1a5b8c8f3f001", Properties: map[string]string{"os_distro": "debian"}}
	c := caller.Caller{UserID: "aaf1d5b1a9d3433bb0a1a5b8c8f3f001", ProjectID: "aabbf9a0b2e34a2ebf0d0a9a6a1c9c11", Roles: []string{"member", "reader"}}
	for _, rule := range []policy.Rule{policy.GetImage, policy.DownloadImage, policy.DeleteImage} {
		b.Run(string(rule), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := rules.Decide(rule, c, Target(img, c)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
