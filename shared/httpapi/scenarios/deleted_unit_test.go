//go:build !cloud

package scenarios

import (
	"testing"

	"github.com/gander-images/gander/shared/image"
	"github.com/gander-images/gander/shared/policy"
)

// An image whose store the operator has taken away cannot come back, until the
// store does.
func TestRestoreWithoutItsStore(t *testing.T) {
	w := newInside(t)
	id := w.filled("abc")
	w.call("DELETE /v2/images/" + id).want(204)
	stores := w.services.Images.Stores
	w.services.Images.Stores = []image.Store{{ID: "another", Blobs: w.blobs}}
	w.refused(w.restore(id), as("admin")).want(409).says("the store 'local', which has its data, is gone")
	w.services.Images.Stores = stores
	w.call(w.restore(id), as("admin")).want(200)
	w.call("GET /v2/images/" + id + "/file").want(200).is("abc")
	w.audit()
}

// A restore that lost to another write is tried again, decided anew, and then
// told.
func TestLostRestoresAreTriedAgain(t *testing.T) {
	for _, c := range []struct{ lost, status, asked int }{{0, 200, 1}, {1, 200, 2}, {5, 200, 6}, {6, 409, 6}} {
		w := newInside(t)
		id := w.made(`{}`)
		w.call("DELETE /v2/images/" + id).want(204)
		rules := &countingPolicy{w.services.Policy, map[policy.Rule]int{}}
		w.services.Images.Table, w.services.Policy = &contending{Table: w.table, times: c.lost}, rules
		w.call(w.restore(id), as("admin")).want(c.status)
		if rules.asked[policy.RestoreImage] != c.asked {
			t.Errorf("lost %d times: policy was asked %d times, want %d", c.lost, rules.asked[policy.RestoreImage], c.asked)
		}
		w.audit()
	}
}
