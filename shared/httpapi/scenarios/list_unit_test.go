//go:build !cloud

package scenarios

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// BenchmarkListAnswer writes a page of 25.
func BenchmarkListAnswer(b *testing.B) {
	w := newInside(b)
	for range 25 {
		w.made(`{"name":"debian","disk_format":"qcow2","container_format":"bare","os_distro":"debian","tags":["a"]}`)
	}
	r := httptest.NewRequest(http.MethodGet, "/v2/images", nil)
	as("member")(r)
	b.ReportAllocs()
	for b.Loop() {
		recorder := httptest.NewRecorder()
		w.handler.ServeHTTP(recorder, r)
		if recorder.Code != http.StatusOK {
			b.Fatal(recorder.Code)
		}
	}
}
