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

// An image that is deleted while its data comes: the delete is answered at once,
// the upload learns that it was for nothing, and who restores the image gets it
// without any data.
func TestDeletedWhileDataComes(t *testing.T) {
	for at := 3; at <= 4; at++ { // before the commit's read, and before its write
		w := newInside(t)
		id := w.made(bootable)
		w.services.Images.Table = &met{Table: w.table, at: at, happens: func() { w.call("DELETE /v2/images/" + id).want(204) }}
		w.call("PUT /v2/images/"+id+"/file", octets("abc")).want(410).says("was deleted")
		w.services.Images.Table = w.table
		w.refused("GET /v2/images/" + id + "/file").want(404)
		w.call(w.restore(id), as("admin")).want(200).says(`"status":"queued"`).says(`"size":null`)
		w.call("PUT /v2/images/"+id+"/file", octets("other")).want(204)
		w.call("GET /v2/images/" + id + "/file").want(200).is("other")
		w.audit()
	}
}
