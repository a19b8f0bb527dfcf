//go:build !cloud

package scenarios

import (
	"testing"
)

// TestUploadPlaces: where every place for uploads is taken, another upload is told
// to come again, before its bytes are read, and changes nothing; a place that an
// upload leaves, however it ends, is free.
func TestUploadPlaces(t *testing.T) {
	w := newInside(t)
	w.services.UploadPlaces = make(chan struct{}, 1)
	running, waiting := w.made(bootable), w.made(bootable)
	leave := w.uploading(running)
	for range 2 {
		w.call("PUT /v2/images/"+waiting+"/file", octets("data")).want(503).has("Retry-After", "5").says("As many uploads run here")
	}
	if status := w.call("GET /v2/images/" + waiting).want(200).fields()["status"]; status != "queued" {
		t.Errorf("an upload that was not taken left its image %v", status)
	}
	leave()
	w.call("PUT /v2/images/"+waiting+"/file", octets("data"), header("X-Openstack-Image-Size", "5")).want(400)
	w.call("PUT /v2/images/"+waiting+"/file", octets("data")).want(204)
}
