package scenarios

import (
	"cmp"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// A difference is what a gateway makes of some calls of a scenario by itself.
// Their answers are then held to this, instead of to what the scenario says.
type difference struct {
	row      string            // the first cell of its row in docs/differences.md, "Behind a gateway"
	shapes   string            // kinds of gateway, as in "rest http"; empty: all
	but      string            // those of them that have it not
	scenario string            // the test; empty: any
	calls    []string          // their lines, a star for anything
	status   int               // 0: as without a gateway
	says     string            // empty, and no status: as without a gateway
	header   map[string]string // of the answer; empty: it has none
	sorted   bool              // the query comes in the order of its parameters' names
	last     bool              // and with the last of each name alone
}

// meets reports whether the difference is of this call.
func (d *difference) meets(shape, scenario, call string) bool {
	if !d.of(shape) || d.scenario != "" && d.scenario != scenario {
		return false
	}
	return slices.ContainsFunc(d.calls, func(pattern string) bool { return like(pattern, call) })
}

// of reports whether a kind of gateway makes the difference.
func (d *difference) of(shape string) bool {
	kind := shape
	if shape == "stage" || shape == "authorizer" { // forms of the same gateway
		kind = "rest"
	}
	shapes := strings.Fields(d.shapes)
	return (d.shapes == "" || slices.Contains(shapes, kind) || slices.Contains(shapes, shape)) && !slices.Contains(strings.Fields(d.but), shape)
}

// like reports whether a call is one of those that a pattern stands for.
func like(pattern, call string) bool {
	quoted := strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, ".*")
	return regexp.MustCompile("(?s)^" + quoted + "$").MatchString(call)
}

// check holds what the difference says, whatever the scenario asks.
func (d *difference) check(a *answer) {
	a.t.Helper()
	if !strings.Contains(string(a.body), d.says) {
		a.t.Errorf("%s: %d, does not say %q by %q\n%s", a.line, a.status, d.says, d.row, a.body)
	}
	for name, value := range d.header {
		if got := strings.Join(a.header.Values(name), "|"); got != value && value != "*" {
			a.t.Errorf("%s: %d, header %s is %q, want %q by %q", a.line, a.status, name, got, value, d.row)
		}
	}
}

// handedOn returns the query of a call as it comes to the operation.
func (w *world) handedOn(call, query string) string {
	w.t.Helper()
	if w.differs == nil {
		return query
	}
	d := w.differs(call)
	if d == nil || !d.sorted {
		return query
	}
	pairs := strings.Split(query, "&")
	slices.SortStableFunc(pairs, func(a, b string) int {
		first, _, _ := strings.Cut(a, "=")
		second, _, _ := strings.Cut(b, "=")
		return cmp.Compare(first, second)
	})
	kept := pairs[:0]
	for i, pair := range pairs {
		name, _, _ := strings.Cut(pair, "=")
		if !d.last || i == len(pairs)-1 || !strings.HasPrefix(pairs[i+1], name+"=") {
			kept = append(kept, pair)
		}
	}
	return strings.Join(kept, "&")
}

// TestDifferencesAreLike holds the patterns of calls to what they stand for.
func TestDifferencesAreLike(t *testing.T) {
	d := difference{shapes: "rest alb", but: "authorizer", scenario: "TestX", calls: []string{"GET /a/*/b", "PUT /(x)"}}
	for _, c := range []struct {
		shape, scenario, call string
		meets                 bool
	}{
		{"rest", "TestX", "GET /a/1/b", true},
		{"alb", "TestX", "PUT /(x)", true},
		{"http", "TestX", "GET /a/1/b", false},
		{"stage", "TestX", "GET /a/1/b", true},
		{"authorizer", "TestX", "GET /a/1/b", false},
		{"rest", "TestY", "GET /a/1/b", false},
		{"rest", "TestX", "GET /a/1/b/c", false},
		{"rest", "TestX", "PUT /x", false},
	} {
		if got := d.meets(c.shape, c.scenario, c.call); got != c.meets {
			t.Errorf("%+v: %t", c, got)
		}
	}
	if alone := (&difference{shapes: "authorizer"}); !alone.of("authorizer") || alone.of("rest") || alone.of("stage") {
		t.Error("a form of a gateway cannot be named alone")
	}
}

// toldAlone are rows of the page that no call of a scenario meets: they are about
// connections and time, or scenarios do not notice them.
var toldAlone = []string{
	"downloads", "`Expect: 100-continue`", "requests that take long",
	"clients that stall, heads that do not end", "answers that break off", "`?` in a tag, a member or the id of a key",
}

// The page tells of every difference, and of none that is not there.
func TestDifferencesAreTold(t *testing.T) {
	page, err := os.ReadFile("../../../docs/differences.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(page), "\n## Behind a gateway\n")
	if !found {
		t.Fatal("docs/differences.md does not tell what gateways change")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	var told []string
	for line := range strings.Lines(section) {
		if cells := strings.Split(line, " | "); strings.HasPrefix(line, "| ") && len(cells) == 4 && cells[0] != "| what" && cells[0] != "| ---" {
			told = append(told, strings.TrimPrefix(cells[0], "| "))
		}
	}
	expected := slices.Clone(toldAlone)
	for _, d := range behindGateway {
		expected = append(expected, d.row)
	}
	slices.Sort(told)
	slices.Sort(expected)
	if diff := gocmp.Diff(slices.Compact(expected), told); diff != "" {
		t.Errorf("docs/differences.md (-met +told):\n%s", diff)
	}
}
