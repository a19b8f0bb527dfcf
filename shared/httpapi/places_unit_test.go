//go:build !cloud

package httpapi

import (
	"io"
	"net/http"
	"testing"
)

// TestUploadPlaces: where every place for uploads is taken, another upload is told
// to come again, before its bytes are read, and changes nothing; a place that an
// upload leaves, however it ends, is free.
func TestUploadPlaces(t *testing.T) {
	w := newInside(t)
	w.services.UploadPlaces = make(chan struct{}, 1)
	running, waiting := w.made(bootable), w.made(bootable)
	source, sink := io.Pipe()
	done := make(chan *answer)
	go func() {
		done <- w.call("PUT /v2/images/"+running+"/file", octets(""), func(r *http.Request) { r.Body, r.ContentLength = source, -1 })
	}()
	if _, err := sink.Write([]byte("begun")); err != nil { // somebody reads it: the place is taken
		t.Fatal(err)
	}
	for range 2 {
		w.call("PUT /v2/images/"+waiting+"/file", octets("data")).want(503).has("Retry-After", "5").says("As many uploads run here")
	}
	if status := w.call("GET /v2/images/" + waiting).want(200).fields()["status"]; status != "queued" {
		t.Errorf("an upload that was not taken left its image %v", status)
	}
	_ = sink.Close()
	(<-done).want(204)
	w.call("PUT /v2/images/"+waiting+"/file", octets("data"), header("X-Openstack-Image-Size", "5")).want(400)
	w.call("PUT /v2/images/"+waiting+"/file", octets("data")).want(204)
}
