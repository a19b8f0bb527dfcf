package scenarios

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
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
	query = w.handedOn("GET /v2/images?"+query, query)
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

// TestListDefaultLimit holds how long a page is that nobody said a length of, and
// that its next is as long.
func TestListDefaultLimit(t *testing.T) {
	w := newWorld(t)
	for i := range 51 {
		w.made(fmt.Sprintf(`{"name":"%d"}`, i))
	}
	for _, want := range []struct {
		path  string
		pages []int
	}{
		{"/v2/images", []int{25, 25, 1}},
		{"/v2/images?sort=status", []int{25, 25, 1}},
		{"/v2/images?limit=51", []int{51, 0}}, // a full page may be the last
		{"/v2/images?limit=99999999999999999999", []int{51}},
	} {
		var pages []int
		for path := want.path; path != ""; {
			page := w.list(path)
			pages = append(pages, len(page.Images))
			if path = ""; page.Next != nil {
				path = *page.Next
			}
		}
		if diff := cmp.Diff(want.pages, pages); diff != "" {
			t.Errorf("%s (-want +got):\n%s", want.path, diff)
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

// TestListPolicy leaves out what a policy of the operator's own refuses to show,
// and fills the page with others: a page with a next is never empty.
func TestListPolicy(t *testing.T) {
	file := filepath.Join(t.TempDir(), "policy.yaml")
	rules := `"get_image": "role:reader and project_id:%(project_id)s and not 'true':%(secret)s"` + "\n"
	if err := os.WriteFile(file, []byte(rules), 0o600); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, "GANDER_POLICY_FILE="+file)
	var ids []string
	for i := range 30 {
		ids = append(ids, w.made(fmt.Sprintf(`{"name":"%d","secret":"%t"}`, i, i%10 != 3)))
	}
	page := w.list("/v2/images?limit=2&sort=created_at:asc")
	if page.names() != "3 13" || page.Next == nil {
		t.Errorf("the first page shows %s, next %v", page.names(), page.Next)
	}
	page = w.list(*page.Next)
	if page.names() != "23" || page.Next != nil {
		t.Errorf("the second page shows %s, next %v", page.names(), page.Next)
	}
	w.call("GET /v2/images/" + ids[3]).want(200)
	w.call("GET /v2/images/" + ids[4]).want(404)
}
