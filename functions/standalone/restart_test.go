//go:build !cloud

package main

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/blob"
	"github.com/gander-images/gander/shared/blob/file"
	"github.com/gander-images/gander/shared/image/imagetest"
	"github.com/gander-images/gander/shared/table/bolt"
)

// A journal is what the service acknowledged, kept outside of it.
type journal struct {
	mu     sync.Mutex
	images map[string]*entry
}

// An entry is an image's last acknowledged state; asked is a state that was
// asked for and never answered.
type entry struct {
	data    []byte // what was sent
	state   string // queued, active, deleted
	pending string
}

func (j *journal) ask(id, state string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.images[id].pending = state
}

func (j *journal) acknowledge(id, state string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.images[id].state, j.images[id].pending = state, ""
}

func (j *journal) created(id string, data []byte) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.images[id] = &entry{data: data, state: "queued"}
}

// TestP1AcknowledgedWritesOutliveTheProcess kills the service under eight
// writers, several times over, and looks for everything that it had answered.
func TestP1AcknowledgedWritesOutliveTheProcess(t *testing.T) {
	t.Parallel()
	const rounds, writers, answers = 4, 8, 150
	settings := []string{"GANDER_LEASE=2s", "GANDER_SWEEP_INTERVAL=1s"}
	data := filepath.Join(t.TempDir(), "data")
	j := &journal{images: map[string]*entry{}}
	for round := range rounds {
		s := startOver(t, data, settings...)
		j.check(t, s)
		var count atomic.Int64
		var wait sync.WaitGroup
		for writer := range writers {
			u := s.as("gander")
			source := rand.New(rand.NewPCG(uint64(round), uint64(writer)))
			wait.Go(func() { j.write(u, source, &count) })
		}
		for count.Load() < answers {
			select {
			case <-s.ended:
				t.Fatal("the service ended by itself")
			case <-time.After(time.Millisecond): // look again
			}
		}
		s.kill()
		wait.Wait()
	}
	s := startOver(t, data, settings...)
	j.check(t, s)
	if err := s.stop(); err != nil {
		t.Fatalf("the service ended with %v", err)
	}
	audit(t, data)
}

// write makes, fills and deletes images until the service is gone.
func (j *journal) write(u *user, source *rand.Rand, count *atomic.Int64) {
	for {
		body := `{"name": "restart", "disk_format": "raw", "container_format": "bare"}`
		a, err := u.try("POST /v2/images", bytes.NewReader([]byte(body)))
		if err != nil {
			return
		}
		if a.status != http.StatusCreated {
			u.t.Errorf("create is answered %d: %s", a.status, a.body)
			return
		}
		id := a.image()["id"].(string)
		data := make([]byte, source.IntN(200<<10))
		for i := range data {
			data[i] = byte(source.Uint32())
		}
		j.created(id, data)
		count.Add(1)
		if source.IntN(4) == 0 {
			continue
		}
		if !j.step(u, "PUT /v2/images/"+id+"/file", id, "active", data, count) {
			return
		}
		if source.IntN(3) == 0 && !j.step(u, "DELETE /v2/images/"+id, id, "deleted", nil, count) {
			return
		}
	}
}

func (j *journal) step(u *user, line, id, state string, data []byte, count *atomic.Int64) bool {
	j.ask(id, state)
	var body io.Reader
	if data != nil {
		body = bytes.NewReader(data)
	}
	a, err := u.try(line, body)
	if err != nil {
		return false
	}
	if a.status != http.StatusNoContent {
		u.t.Errorf("%s is answered %d: %s", line, a.status, a.body)
		return false
	}
	j.acknowledge(id, state)
	count.Add(1)
	return true
}

// check compares what the service holds with the journal. What was asked for and
// not answered may have happened or not, but not half.
func (j *journal) check(t *testing.T, s *service) {
	t.Helper()
	u := s.as("gander")
	for id, e := range j.images {
		status, err := u.settled(id)
		if err != nil {
			t.Fatal(err)
		}
		if status != e.state && (e.pending == "" || status != e.pending) {
			t.Errorf("image %s is %s; acknowledged was %s, pending %q", id, status, e.state, e.pending)
			continue
		}
		e.state, e.pending = status, ""
		if status == "active" {
			if got := u.call("GET /v2/images/"+id+"/file", nil).want(http.StatusOK).body; !bytes.Equal(got, e.data) {
				t.Errorf("image %s has %d bytes that differ from the %d sent", id, len(got), len(e.data))
			}
		}
		if status == "queued" && len(e.data)%2 == 0 { // some are filled after the crash
			u.call("PUT /v2/images/"+id+"/file", bytes.NewReader(e.data)).want(http.StatusNoContent)
			e.state = "active"
		}
	}
}

// settled returns an image's status once no upload holds it.
func (u *user) settled(id string) (string, error) {
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		a, err := u.try("GET /v2/images/"+id, nil)
		if err != nil {
			return "", err
		}
		if a.status == http.StatusNotFound {
			return "deleted", nil
		}
		if status, _ := a.want(http.StatusOK).image()["status"].(string); status != "saving" {
			return status, nil
		}
	}
	return "", fmt.Errorf("image %s is saving for ever", id)
}

// audit reads the stopped service's table and store and wants everything to
// belong to something.
func audit(t *testing.T, data string) {
	t.Helper()
	tab, err := bolt.Open(filepath.Join(data, "table.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tab.Close() }()
	store, err := file.Open(filepath.Join(data, "images"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	world, err := imagetest.Read(t.Context(), tab, map[string]blob.Store{"local": store})
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range world.Faults() {
		t.Error(fault)
	}
}
