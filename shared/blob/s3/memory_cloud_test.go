//go:build cloud

package s3

import (
	"io"
	"testing"

	"github.com/gander-images/gander/shared/blob"
)

// TestP11UploadMemory: an upload as the service makes it, to an engine, holds
// less than 64 MiB. It sends 256 MiB, which is 16 parts: memory is at its most
// from the second on.
func TestP11UploadMemory(t *testing.T) {
	const mib, size = 1 << 20, 256 << 20
	e := newEngine(t)
	s := Open(e.cfg, e.bucket)
	w, err := s.Create(t.Context(), "images/1/memory")
	if err != nil {
		t.Fatal(err)
	}
	before, most, next := live(), 0, int64(0)
	source := io.LimitReader(&endless{make([]byte, mib)}, size)
	digest, err := blob.Ingest(t.Context(), source, w, blob.IngestOptions{Limit: blob.Unlimited, Progress: func(total int64) {
		if total >= next {
			most, next = max(most, live()-before), total+16*mib
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	o, err := w.Commit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if o.Size != size || digest.Size != size {
		t.Errorf("%d bytes were stored and %d read, of %d", o.Size, digest.Size, size)
	}
	if most >= 64*mib || most < growing.part(1)/2 {
		t.Errorf("%d MiB were held, want less than 64", most/mib)
	}
	t.Logf("%d MiB were held", most/mib)
	if err := s.Delete(t.Context(), o.Name, o.Version); err != nil {
		t.Error(err)
	}
}
