//go:build cloud

package grants_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/gander-images/gander/localstack/gateway"
)

// inTheEnd is what is left of lives, whoever cleaned up: an active image in two
// orders of two lists, with its bytes; a queued one, likewise, and the reason why;
// and what is kept for ever of two deleted ones.
const inTheEnd = "images: 1 active, 2 purged, 1 queued; 8 list entries; 0 due, 0 leases; 1 objects, 0 unfinished"

// TestSweeperOff and TestStreamOff hold that each of the two consumers comes to
// the same end without the other. What is due later is done by the sweeper's
// clock; without it the stream has to come late, when all is due.
func TestSweeperOff(t *testing.T) {
	w := lived(t)
	w.eventually("all of it is due", w.allDue)
	w.start(func(*gateway.Config) {})
	w.eventually("the reaper alone has done it", func() bool { return w.summary() == inTheEnd })
	w.wantNoFaults()
	if row := w.gateway.Tally()["sweeper"]; row.Events != 0 {
		t.Errorf("the sweeper was off, and took %d events", row.Events)
	}
}

// TestStreamOff is told of above.
func TestStreamOff(t *testing.T) {
	w := lived(t)
	w.sweepUntil("the sweeper alone has done it", func() bool { return w.summary() == inTheEnd })
	w.wantNoFaults()
	if row := w.gateway.Tally()["reaper"]; row.Events != 0 {
		t.Errorf("the stream was off, and the reaper took %d events", row.Events)
	}
}

// lived makes images that leave every kind of work behind, which nobody has done
// yet.
func lived(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.start(func(c *gateway.Config) { c.NoStream = true })
	kept, gone := w.made(), w.made()
	for _, id := range []string{kept, gone} {
		w.call(204, http.MethodPut, "/v2/images/"+id+"/file", strings.NewReader("some bytes"))
	}
	w.call(204, http.MethodDelete, "/v2/images/"+gone, nil)
	killed, end := w.beginUpload()
	deleted, endToo := w.beginUpload()
	w.call(204, http.MethodDelete, "/v2/images/"+deleted, nil)
	w.data.Kill()
	end()
	endToo()
	if got := w.summary(); got == inTheEnd || w.status(killed) != "saving" || w.due() == 0 {
		t.Fatalf("there is nothing to do: %s", got)
	}
	return w
}

// summary tells what is stored, but for what each run names in its own way.
func (w *world) summary() string {
	w.t.Helper()
	stored := w.stored()
	statuses := map[string]int{}
	for _, r := range stored.Records {
		statuses[r.Status]++
	}
	var images []string
	for _, status := range slices.Sorted(maps.Keys(statuses)) {
		images = append(images, fmt.Sprintf("%d %s", statuses[status], status))
	}
	entries, leases := 0, 0
	for key := range stored.Items {
		switch {
		case strings.HasPrefix(key.Partition, "list#"):
			entries++
		case strings.HasPrefix(key.Sort, "lease#"):
			leases++
		}
	}
	whole, unfinished := 0, 0
	for _, o := range stored.Objects["s3"] {
		if o.Unfinished {
			unfinished++
		} else {
			whole++
		}
	}
	return fmt.Sprintf("images: %s; %d list entries; %d due, %d leases; %d objects, %d unfinished",
		strings.Join(images, ", "), entries, w.due(), leases, whole, unfinished)
}

func (w *world) wantNoFaults() {
	w.t.Helper()
	for _, fault := range w.stored().Faults() {
		w.t.Error(fault)
	}
}
