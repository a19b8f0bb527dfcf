package s3

import (
	"fmt"
	"io"
	"net/http"
	"testing"
)

// TestARepeatedCompletionNamesNoVersion: a store that is asked again says that the
// object is made, and not which one it is; the object under the name tells.
func TestARepeatedCompletionNamesNoVersion(t *testing.T) {
	f := newFake(t)
	f.breakWith(on("CompleteMultipartUpload", 1, fault{cut: true, landed: true}))
	f.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if operation(r) == "CompleteMultipartUpload" && f.count("CompleteMultipartUpload") > 0 {
			_, _ = io.Copy(io.Discard, r.Body)
			fmt.Fprint(w, "<CompleteMultipartUploadResult></CompleteMultipartUploadResult>")
			return
		}
		f.ServeHTTP(w, r)
	})
	o, _, err := put(t.Context(), f.store(), "a", large)
	if err != nil {
		t.Fatal(err)
	}
	f.wantHeld(o, large)
}
