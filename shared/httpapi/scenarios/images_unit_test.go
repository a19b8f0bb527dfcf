//go:build !cloud

package scenarios

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/policy"
)

func TestImportMethodsOfANewImage(t *testing.T) {
	w := newInside(t)
	w.services.ImportMethods = []string{"web-download", "copy-image"}
	w.call("POST /v2/images", body("{}")).want(201).has("Openstack-Image-Import-Methods", "web-download,copy-image")
}

// countingPolicy counts how often each rule was asked about.
type countingPolicy struct {
	policy.Decider
	asked map[policy.Rule]int
}

func (p *countingPolicy) Authorize(rule policy.Rule, c caller.Caller, t policy.Target) (policy.Grant, error) {
	p.asked[rule]++
	return p.Decider.Authorize(rule, c, t)
}

// A write that lost to another one is tried again, decided anew each time, up to
// five times; then the caller is told.
func TestLosersTryAgain(t *testing.T) {
	for _, c := range []struct{ lost, status, asked int }{{0, 204, 1}, {1, 204, 2}, {5, 204, 6}, {6, 409, 6}} {
		w := newInside(t)
		w.services.Images.Pause = func(time.Duration) {}
		id := w.made(bootable)
		contend := &contending{Table: w.table, times: c.lost}
		rules := &countingPolicy{w.services.Policy, map[policy.Rule]int{}}
		w.services.Images.Table, w.services.Policy = contend, rules
		w.call("DELETE /v2/images/" + id).want(c.status)
		if rules.asked[policy.DeleteImage] != c.asked {
			t.Errorf("lost %d times: policy was asked %d times, want %d", c.lost, rules.asked[policy.DeleteImage], c.asked)
		}
	}
	w := newInside(t)
	id := w.made(bootable)
	w.services.Images.Table = &contending{Table: w.table, times: 3}
	w.call("PUT /v2/images/"+id+"/file", octets("abc")).want(204)
	w.call("GET /v2/images/" + id + "/file").want(200).is("abc")
}

// Bytes flow once. An upload that loses its record after it has read them is not
// tried again: the next try would store an image without data.
func TestLostUploadsAreNotRepeated(t *testing.T) {
	w := newInside(t)
	id := w.made(bootable)
	var late atomic.Bool
	w.services.Images.Now = func() time.Time {
		if late.Load() {
			return time.Now().Add(time.Hour) // past the lease
		}
		return time.Now()
	}
	w.services.Images.Table = &contending{Table: w.table, spared: 1, times: 1, meet: func() { late.Store(true) }}
	w.call("PUT /v2/images/"+id+"/file", octets("abc")).want(409).says("during the upload")
	w.call("GET /v2/images/" + id).want(200).says(`"status":"queued"`)
}
