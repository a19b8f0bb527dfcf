package httpapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/policy"
)

// A listed is the JSON of a page.
type listed struct {
	Images []struct {
		ID   string  `json:"id"`
		Name *string `json:"name"`
	} `json:"images"`
	First  string  `json:"first"`
	Next   *string `json:"next"`
	Schema string  `json:"schema"`
}

func (l listed) names() string {
	var names []string
	for _, img := range l.Images {
		names = append(names, *img.Name)
	}
	return strings.Join(names, " ")
}

func (w *world) list(path string, options ...option) listed {
	w.t.Helper()
	got := w.call("GET "+path, options...).want(200).has("Content-Type", "application/json")
	var page listed
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(got.body, &raw); err != nil {
		w.t.Fatalf("%s: %v in %s", path, err, got.body)
	}
	for name := range raw {
		if !slices.Contains([]string{"images", "first", "next", "schema"}, name) {
			w.t.Errorf("%s: the page has %s", path, name)
		}
	}
	if err := json.Unmarshal(got.body, &page); err != nil {
		w.t.Fatalf("%s: %v in %s", path, err, got.body)
	}
	return page
}

// TestListAnswer holds the JSON of a page: each image as it is shown alone, and
// the links.
func TestListAnswer(t *testing.T) {
	w := newWorld(t)
	if got := w.call("GET /v2/images").want(200); string(got.body) != `{"images":[],"first":"/v2/images","schema":"/v2/schemas/images"}` {
		t.Errorf("an empty list is %s", got.body)
	}
	id := w.made(`{"name":"ä","os_distro":"debian","tags":["b","a"]}`)
	shown := w.call("GET /v2/images/" + id).want(200)
	want := `{"images":[` + string(shown.body) + `],"first":"/v2/images?limit=1",` +
		`"next":"/v2/images?limit=1&marker=` + id + `","schema":"/v2/schemas/images"}`
	if got := w.call("GET /v2/images?limit=1").want(200); string(got.body) != want {
		t.Errorf("the list is\n%s, not\n%s", got.body, want)
	}
	if got := w.call("GET /v2/images?limit=1&marker=" + strings.ToUpper(id)).want(200); string(got.body) != `{"images":[],"first":"/v2/images?limit=1","schema":"/v2/schemas/images"}` {
		t.Errorf("behind the last image there is %s", got.body)
	}
	w.call("GET /v2/images", body("not looked at")).want(200)
}

// TestListLinks follows next to the end. Links keep every parameter, repeated
// ones too, in their order, and escape what needs it.
func TestListLinks(t *testing.T) {
	w := newWorld(t)
	for i := range 5 {
		w.made(fmt.Sprintf(`{"name":"%d","tags":["a b","ü&"]}`, i))
	}
	w.made(`{"name":"untagged"}`)
	query := "tag=a+b&sort_key=disk_format&tag=%C3%BC%26&sort_key=name&sort_dir=asc&limit=2"
	var pages []string
	for path := "/v2/images?" + query + "&marker="; path != ""; {
		page := w.list(strings.TrimSuffix(path, "&marker="))
		pages = append(pages, page.names())
		if page.First != "/v2/images?"+query || page.Schema != "/v2/schemas/images" {
			t.Errorf("%s: first is %s, schema %s", path, page.First, page.Schema)
		}
		path = ""
		if page.Next != nil {
			path = *page.Next
			if want := "/v2/images?" + query + "&marker=" + page.Images[len(page.Images)-1].ID; path != want {
				t.Errorf("next is %s, not %s", path, want)
			}
		}
	}
	if diff := cmp.Diff([]string{"0 1", "2 3", "4"}, pages); diff != "" {
		t.Error(diff)
	}
}

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

// TestListRefused asks wrongly, or for what is not the caller's.
func TestListRefused(t *testing.T) {
	w := newWorld(t)
	id := w.made(`{"name":"x"}`)
	deleted := w.made(`{"name":"y"}`)
	w.call("DELETE /v2/images/" + deleted).want(204)
	for _, c := range []struct {
		query  string
		who    string
		status int
	}{
		{"limit=-1", "member", 400},
		{"limit=x", "nobody", 400}, // the form of the query comes before the right to list
		{"", "nobody", 403},
		{"sort=bogus", "member", 400},
		{"sort=name&sort_key=name", "member", 400},
		{"name=%ff", "member", 400},
		{"%ff=x", "member", 400},
		{"changes-since=x", "member", 400},
		{"visibility=none", "member", 400},
		{"marker=" + id, "member", 200},
		{"marker=" + id, "other", 403},
		{"marker=" + id, "admin", 200},
		{"marker=" + deleted, "member", 400},
		{"marker=" + deleted, "other", 400},
		{"marker=" + deleted, "admin", 200},
		{"marker=" + deleted + "&limit=0", "member", 400},
		{"marker=00000000-0000-4000-8000-000000000000", "admin", 400},
		{"marker=" + url.QueryEscape("no id at all \x00/../"), "admin", 400},
		{"marker=" + strings.Repeat("x", 5000), "member", 400},
		{"id=" + strings.Repeat("x", 5000) + "&name=" + strings.Repeat("%F0%9F%98%80", 400), "member", 200},
		{"owner=" + strings.Repeat("%F0%9F%98%80", 700), "admin", 200},
	} {
		w.refused("GET /v2/images?"+c.query, as(c.who), asJSON).want(c.status)
	}
}

// TestListPolicy leaves out what get_image refuses, and fills the page with
// others: a page with a next is never empty.
func TestListPolicy(t *testing.T) {
	w := newWorld(t)
	for i := range 30 {
		w.made(fmt.Sprintf(`{"name":"%d","secret":"%t"}`, i, i%10 != 3))
	}
	w.services.Policy = refusing{w.services.Policy}
	w.handler = Handler(All, w.services)
	w.server = nil
	page := w.list("/v2/images?limit=2&sort=created_at:asc")
	if page.names() != "3 13" || page.Next == nil {
		t.Errorf("the first page shows %s, next %v", page.names(), page.Next)
	}
	page = w.list(*page.Next)
	if page.names() != "23" || page.Next != nil {
		t.Errorf("the second page shows %s, next %v", page.names(), page.Next)
	}
}

// refusing is a policy whose get_image refuses images with secret=true.
type refusing struct{ policy.Decider }

func (r refusing) Decide(rule policy.Rule, c caller.Caller, t policy.Target) (bool, error) {
	if v, _ := t.Attribute("secret"); rule == policy.GetImage && v == "true" {
		return false, nil
	}
	return r.Decider.Decide(rule, c, t)
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
	w := newWorld(f)
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
	w := newWorld(b)
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
