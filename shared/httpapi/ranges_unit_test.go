//go:build !cloud

package httpapi

import (
	"testing"

	"github.com/gander-images/gander/shared/problem"
)

// A range header never fails by our fault, and never leads outside of the image.
func FuzzRange(f *testing.F) {
	for _, seed := range []string{"bytes=0-3", "bytes=-", "bytes 0-3/*", "bytes=9223372036854775807-", "bytes=-9223372036854775808", "bytes 9223372036854775807-9223372036854775807/*"} {
		f.Add("Range", seed, int64(10))
		f.Add("Content-Range", seed, int64(0))
	}
	f.Fuzz(func(t *testing.T, name, value string, size int64) {
		if size < 0 || name != "Range" && name != "Content-Range" {
			return
		}
		part, err := requestedRange(map[string][]string{name: {value}}, size)
		if err != nil {
			if status, _ := problem.Status(err); status != 400 && status != 416 {
				t.Errorf("%q: %v", value, err)
			}
			return
		}
		if !part.partial || part.length < 1 || part.offset < 0 || part.offset > size-part.length {
			t.Errorf("%q of %d: %+v", value, size, part)
		}
	})
}
