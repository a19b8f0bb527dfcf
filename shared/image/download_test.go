package image

import (
	"context"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/blob"
	"github.com/gander-images/gander/shared/policy"
)

// signer is a store that has URLs of its objects.
type signer struct {
	blob.Store
	lives []time.Duration
}

func (s *signer) Presign(_ context.Context, name, version string, life time.Duration) (string, error) {
	s.lives = append(s.lives, life)
	return "https://bucket.example/" + name + "?version=" + version, nil
}

// TestDataIsGivenForItsGrantAlone: neither the bytes nor a URL of them goes out
// for a decision about something else, or for none.
func TestDataIsGivenForItsGrantAlone(t *testing.T) {
	w := newWorld(t)
	s := &signer{Store: w.blobs}
	w.use(w.table, s)
	img := w.active("0123456789")
	for name, g := range map[string]policy.Grant{"none": {}, "another": w.grant(policy.GetImage, demo, img)} {
		if url, ok, err := w.service.DownloadURL(t.Context(), g, img); err == nil || ok || url != "" {
			t.Errorf("%s: %q, %v, %v", name, url, ok, err)
		}
		if body, err := w.service.Download(t.Context(), g, img, 0, -1); err == nil {
			_ = body.Close()
			t.Errorf("%s: the bytes were given", name)
		}
	}
	if len(s.lives) > 0 {
		t.Errorf("%d URLs were made", len(s.lives))
	}
	at := img.Locations[0]
	url, ok, err := w.service.DownloadURL(t.Context(), w.grant(policy.DownloadImage, demo, img), img)
	if want := "https://bucket.example/" + at.Name + "?version=" + at.Version; url != want || !ok || err != nil || s.lives[0] > blob.MaxPresign {
		t.Errorf("%q, %v, %v for %v; want %q", url, ok, err, s.lives, want)
	}
}
