//go:build !cloud

package httpapi

import (
	"maps"
	"net/http/httptest"
	"slices"
	"testing"
)

// TestRoutesByTheLetter: a path that a row names to the letter is that row's alone, in
// whichever order the rows come, and whoever serves them. What may stand for anything
// takes the rest.
func TestRoutesByTheLetter(t *testing.T) {
	backwards := slices.Clone(All)
	slices.Reverse(backwards)
	show := []Operation{KeyShow}
	all := [][]Operation{All, backwards}
	const things = ownAPI + "/things"
	variable := Operation{Name: "variable", Methods: []string{"GET", "DELETE"}, Paths: []string{things + "/{id}"}}
	letter := Operation{Name: "letter", Methods: []string{"GET"}, Paths: []string{things + "/all"}}
	made := [][]Operation{{variable, letter}, {letter, variable}}
	for _, c := range []struct {
		rows         [][]Operation
		method, path string
		op           string
		params       map[string]string
		miss         miss
		allow        string
	}{
		{all, "GET", keysPath + "/audit", "key-audit", nil, served, ""},
		{all, "GET", keysPath + "/deletions", "key-deletions-show", nil, served, ""},
		{all, "PUT", keysPath + "/deletions", "key-deletions-set", nil, served, ""},
		{all, "GET", keysPath + "/audits", "key-show", map[string]string{"key_id": "audits"}, served, ""},
		{all, "POST", keysPath + "/audit/restore", "key-restore", map[string]string{"key_id": "audit"}, served, ""},
		{all, "DELETE", keysPath + "/deletions", "fallback", nil, noMethod, "GET, PUT"},
		{all, "PUT", keysPath + "/audit", "fallback", nil, noMethod, "GET"},
		{all, "PUT", keysPath + "/audits", "fallback", nil, noMethod, "GET"},
		{all, "GET", keysPath + "/audit/", "fallback", nil, noPath, ""},
		{all, "GET", keysPath + "/", "fallback", nil, noPath, ""},
		{all, "GET", "/v2/images/x/members/y", "member-show", map[string]string{"image_id": "x", "member_id": "y"}, served, ""},
		{made, "DELETE", things + "/all", "fallback", nil, noMethod, "GET"},
		{made, "DELETE", things + "/one", "variable", map[string]string{"id": "one"}, served, ""},
		{[][]Operation{show}, "GET", keysPath + "/audit", "fallback", nil, noPath, ""},
		{[][]Operation{show}, "GET", keysPath + "/audits", "key-show", map[string]string{"key_id": "audits"}, served, ""},
	} {
		for i, rows := range c.rows {
			got := newRouter(rows).find(httptest.NewRequest(c.method, c.path, nil))
			if got.op.Name != c.op || !maps.Equal(got.params, c.params) || got.miss != c.miss || got.allow != c.allow {
				t.Errorf("%s %s, rows %d: %s with %v, miss %d, allow %q", c.method, c.path, i, got.op.Name, got.params, got.miss, got.allow)
			}
		}
	}
}
