//go:build !cloud

package httpapi

import (
	"encoding/json"
	"fmt"
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

// FuzzListQuery sends any query at all: the answer is a page or a 400, and links
// that are followed lead to a page again.
func FuzzListQuery(f *testing.F) {
	for _, seed := range []string{
		"", "limit=1", "limit=1&sort=name:asc&tag=a", "name=in:a,%22b,c%22", "created_at=gt:2026-07-01T09:00:00%2B02:00",
		"sort_key=size&sort_dir=asc&size_min=0", "id=in:x,y", "marker=x", "os_hidden=TRUE&visibility=all", "%ff", "a=%zz&;=;", "name=%00%01%02",
		"owner=%F4%8F%BF%BF", "visibility=", "member_status=all&protected=false", "=&&=", "created_at=9999", "updated_at=neq:0000-01-01",
	} {
		f.Add(seed)
	}
	w := newInside(f)
	for i := range 4 {
		w.made(fmt.Sprintf(`{"name":"%c","tags":["a"],"os_hidden":%t}`, 'a'+i, i == 3))
	}
	f.Fuzz(func(t *testing.T, query string) {
		r := httptest.NewRequest(http.MethodGet, "/v2/images", nil)
		r.URL.RawQuery = query
		as("member")(r)
		recorder := httptest.NewRecorder()
		w.handler.ServeHTTP(recorder, r)
		if recorder.Code == http.StatusBadRequest {
			return
		}
		var page listed
		if err := json.Unmarshal(recorder.Body.Bytes(), &page); err != nil || recorder.Code != http.StatusOK {
			t.Fatalf("%q: %d %v in %s", query, recorder.Code, err, recorder.Body)
		}
		if page.Next == nil {
			return
		}
		if len(page.Images) == 0 {
			t.Fatalf("%q: an empty page with a next", query)
		}
		next, err := http.NewRequest(http.MethodGet, *page.Next, nil)
		if err != nil {
			t.Fatalf("%q: next is %q: %v", query, *page.Next, err)
		}
		as("member")(next)
		recorder = httptest.NewRecorder()
		w.handler.ServeHTTP(recorder, next)
		if recorder.Code != http.StatusOK {
			t.Fatalf("%q: next %q is answered %d", query, *page.Next, recorder.Code)
		}
	})
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
