package file

import (
	"bytes"
	"io"
	"math/rand/v2"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/gander-images/gander/shared/blob"
)

// TestLargeObjectsGoPastTheCache writes objects in pieces of all kinds, some past
// the cache, and reads back what was written: where the last piece is short,
// where pieces fit no block of the disk, and where the disk refuses them.
func TestLargeObjectsGoPastTheCache(t *testing.T) {
	const piece = 64 << 10
	for name, c := range map[string]struct {
		grain  int64
		pieces []int
	}{
		"even":            {directGrain, []int{piece, piece, piece}},
		"short end":       {directGrain, []int{piece, piece, 777}},
		"odd and even":    {directGrain, []int{piece, 777, piece, piece - 777, piece}},
		"refused in full": {1, []int{piece, piece, 777, piece}},
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := newStore(t)
			w, err := s.begin(t.Context(), "a/b")
			if err != nil {
				t.Fatal(err)
			}
			w.path.from, w.path.grain = piece, c.grain
			var want []byte
			past := 0
			for _, n := range c.pieces {
				p := block(n)
				want = append(want, p...)
				if _, err := w.Write(p); err != nil {
					t.Fatal(err)
				}
				if w.path.on {
					past++
				}
			}
			if past == 0 && supportsDirect(t) {
				t.Error("nothing went past the cache")
			}
			o, err := w.Commit(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if got := whole(t, s, o); !bytes.Equal(got, want) {
				t.Errorf("%d bytes came back, not those %d that were written", len(got), len(want))
			}
		})
	}
}

// supportsDirect reports whether the file system of the tests can write past its
// cache at all.
func supportsDirect(t *testing.T) bool {
	fd, err := unix.Open(t.TempDir()+"/probe", unix.O_CREAT|unix.O_WRONLY|unix.O_DIRECT, 0o600)
	if err != nil {
		t.Logf("the file system of %s has no O_DIRECT: %v", t.TempDir(), err)
		return false
	}
	_ = unix.Close(fd)
	return true
}

// block makes n bytes that lie as those of blob.Ingest do, at the start of a page.
func block(n int) []byte {
	p := make([]byte, max(n, 64<<10))[:n]
	r := rand.NewChaCha8([32]byte{byte(n)})
	_, _ = r.Read(p) // never fails
	return p
}

func whole(t *testing.T, s *Store, o blob.Object) []byte {
	r, err := s.Open(t.Context(), o.Name, o.Version, 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
