//go:build cloud

package grants_test

import (
	"context"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/gander-images/gander/shared/blob"
	"github.com/gander-images/gander/shared/blob/s3"
	"github.com/gander-images/gander/shared/image/imagetest"
	"github.com/gander-images/gander/shared/table"
	"github.com/gander-images/gander/shared/table/dynamo"
)

// An answer is a response that was read.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// call makes a request as the member, and wants a status.
func (w *world) call(want int, method, path string, body io.Reader, header ...string) answer {
	w.t.Helper()
	got, err := w.ask(method, w.gateway.URL()+path, body, header...)
	if err != nil {
		w.t.Fatalf("%s %s: %v", method, path, err)
	}
	if got.status != want {
		w.t.Fatalf("%s %s is answered %d, not %d: %.500s", method, path, got.status, want, got.body)
	}
	return got
}

func (w *world) ask(method, url string, body io.Reader, header ...string) (answer, error) {
	r, err := http.NewRequestWithContext(w.t.Context(), method, url, body)
	if err != nil {
		return answer{}, err
	}
	r.Header.Set("X-Auth-Token", w.token)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	if method == http.MethodPut && r.Header.Get("Content-Type") == "" {
		r.Header.Set("Content-Type", "application/octet-stream")
	}
	response, err := w.client.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header, text}, err
}

// direct reaches a function where the data plane would be in front of it.
func (w *world) direct(method, id string, body io.Reader) (answer, error) {
	return w.ask(method, w.gateway.StageURL()+"/v2/images/"+id+"/file", body)
}

// made creates an image that can be filled.
func (w *world) made() (id string) {
	w.t.Helper()
	got := w.call(201, http.MethodPost, "/v2/images", strings.NewReader(`{"disk_format":"raw","container_format":"bare"}`), "Content-Type", "application/json")
	var shown struct{ ID string }
	if err := json.Unmarshal(got.body, &shown); err != nil {
		w.t.Fatal(err)
	}
	return shown.ID
}

func (w *world) status(id string) string {
	w.t.Helper()
	var shown struct{ Status string }
	if err := json.Unmarshal(w.call(200, http.MethodGet, "/v2/images/"+id, nil).body, &shown); err != nil {
		w.t.Fatal(err)
	}
	return shown.Status
}

// large is more than two parts, the same bytes each time.
func large() []byte {
	data := make([]byte, 35<<20)
	_, _ = rand.NewChaCha8([32]byte{7}).Read(data) // never fails
	return data
}

// stored reads all there is, without the proxy.
func (w *world) stored() *imagetest.World {
	w.t.Helper()
	tab := dynamo.Open(w.place.Config, w.place.Table)
	stored, err := imagetest.Read(context.Background(), imagetest.Through(tab, w.place.Keys), map[string]blob.Store{"s3": s3.Open(w.place.Config, w.place.Bucket)})
	if err != nil {
		w.t.Fatal(err)
	}
	return stored
}

// idle reports whether nothing that is stored waits for anybody.
func (w *world) idle() bool { return len(w.stored().Faults()) == 0 && w.due() == 0 }

// due counts what waits to be done, but for the ends of tasks and of keys.
func (w *world) due() int {
	n := 0
	for key := range w.stored().Items {
		if waits(key) {
			n++
		}
	}
	return n
}

// allDue reports whether whatever waits for its time has come to it: ends of
// leases, and the rest.
func (w *world) allDue() bool {
	for key, item := range w.stored().Items {
		at := time.Time{}
		switch {
		case strings.HasPrefix(key.Sort, "lease#"):
			var l struct{ Deadline time.Time }
			if err := json.Unmarshal(item.Body, &l); err != nil {
				w.t.Fatal(err)
			}
			at = l.Deadline
		case waits(key):
			text, _, _ := strings.Cut(key.Sort, "#")
			var err error
			if at, err = time.Parse(time.RFC3339Nano, text); err != nil {
				w.t.Fatal(err)
			}
		}
		if at.After(time.Now()) {
			return false
		}
	}
	return true
}

// waits reports whether a key is that of something to be done, other than to
// forget a task one day, or to see that the store of keys has forgotten one.
func waits(key table.Key) bool {
	return strings.HasPrefix(key.Partition, "due#") && !strings.HasPrefix(key.Partition, "due#task") && !strings.HasPrefix(key.Partition, "due#key")
}
