//go:build !cloud

package httpapi

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestLinkForms writes queries anew as Python does.
func TestLinkForms(t *testing.T) {
	for raw, want := range map[string]string{
		"":                          "",
		"a":                         "a=",
		"a=":                        "a=",
		"&&a=1&&":                   "a=1",
		"=1":                        "=1",
		"a=1&marker=x&a=2&marker=y": "a=1&a=2",
		"m%61rker=x":                "",
		"marker":                    "",
		"a=%zz&b=%":                 "a=%25zz&b=%25",
		"a=x+y%20z%2B":              "a=x+y+z%2B",
		"a=b=c;d":                   "a=b%3Dc%3Bd",
		"a=\"<>":                    "a=%22%3C%3E",
		"a=%00":                     "a=%00",
		"name=%E4%B8%AD":            "name=%E4%B8%AD",
	} {
		if got := withoutMarker(raw); got != want {
			t.Errorf("%s is written %s, not %s", raw, got, want)
		}
	}
}

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
