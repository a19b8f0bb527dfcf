package event_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gander-images/gander/shared/boot/event"
)

// FuzzRequest feeds what no gateway should send: nothing panics, and whatever
// becomes a request can be served.
func FuzzRequest(f *testing.F) {
	recorded, err := filepath.Glob("../../../events/*.json")
	if err != nil || len(recorded) == 0 {
		f.Fatal("no recorded events", err)
	}
	for _, name := range recorded {
		payload, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(payload)
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		r, shape, err := event.Request(t.Context(), payload)
		if err != nil {
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil || int64(len(body)) != r.ContentLength {
			t.Errorf("%d bytes of %d, %v", len(body), r.ContentLength, err)
		}
		if shape == 0 || r.Method == "" || !strings.HasPrefix(r.URL.Path, "/") || r.Header == nil {
			t.Errorf("%v %q %q", shape, r.Method, r.URL.Path)
		}
	})
}
