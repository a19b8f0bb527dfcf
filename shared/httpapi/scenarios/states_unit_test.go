//go:build !cloud

package scenarios

import (
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gander-images/gander/shared/httpapi"
	"github.com/gander-images/gander/shared/image"
)

// TestStatesAreWhole: each operation that is served stands in the table, or among
// those without a state.
func TestStatesAreWhole(t *testing.T) {
	for _, op := range httpapi.All {
		tried := slices.Contains(stateless, op.Name)
		for _, c := range stateCalls {
			tried = tried || c.op == op.Name
		}
		if !tried || slices.Contains(notServed, op.Name) {
			t.Errorf("%s is served, and the table of states does not try it", op.Name)
		}
	}
	t.Logf("not served yet: %s", strings.Join(notServed, ", "))
}

// TestStates holds every cell: the status, that a refusal changes nothing, and
// that a success changes what it says and no more.
func TestStates(t *testing.T) {
	lines := strings.Split(strings.Trim(stateTable, "\n"), "\n")
	states, tried := strings.Fields(lines[0]), map[string]bool{}
	for _, line := range lines[1:] {
		name := strings.TrimSpace(line[:19])
		answers := strings.Fields(line[19:])
		if _, ok := stateCalls[name]; !ok || len(answers) != len(states) {
			t.Fatalf("line %q cannot be read", line)
		}
		tried[name] = true
		t.Run(name, func(t *testing.T) {
			w := newInside(t)
			for i, state := range states {
				want, _ := strconv.Atoi(answers[i])
				w.holdState(name, image.Status(state), want)
			}
			w.audit()
		})
	}
	if len(tried) != len(stateCalls) {
		t.Errorf("the table has %d of %d calls", len(tried), len(stateCalls))
	}
	t.Logf("%d cells of operation × state", len(tried)*len(states))
}

// holdState holds one cell, on an image of its own.
func (w *inside) holdState(name string, state image.Status, want int) {
	w.t.Helper()
	t, c := w.t, stateCalls[name]
	id, leave := w.inState(state)
	defer leave()
	options := []option{named(name + ", " + string(state))}
	if c.sent != nil {
		options = append(options, func(r *http.Request) { c.sent(r); fillIn(r, id) })
	}
	if c.who != "" {
		options = append(options, as(c.who))
	}
	before := w.stored()
	got := w.call(strings.ReplaceAll(c.line, "ID", id), options...)
	if name == "listed" {
		if n := strings.Count(string(got.want(200).body), `"id":`); n != want {
			t.Errorf("%s: %d images are listed, not %d", got.line, n, want)
		}
		want = 404 // whose changes are none
	} else {
		got.want(want)
	}
	changes := ""
	if want < 300 {
		changes = c.changes
	}
	if other, ok := c.but[state]; ok {
		changes = other
	} else if state == image.Killed && c.op == httpapi.ImageUpdate.Name {
		changes = changes[max(0, strings.Index(changes, "record:")):] // such images are in no list
	}
	if did := changesOf(before, w.stored()); did != changes {
		t.Errorf("%s: answered %d, and changed %q, not %q", got.line, got.status, did, changes)
	}
}

// TestImportingImagesWithData: what an image has can be downloaded, whatever else
// goes on with it.
func TestImportingImagesWithData(t *testing.T) {
	w := newInside(t)
	id := w.filled("the very bytes")
	w.forced(id, image.Importing)
	for _, who := range []string{"member", "admin"} {
		w.refused("GET /v2/images/"+id+"/file", as(who)).want(200).is("the very bytes")
	}
	w.audit()
}

// fillIn writes the image's id into a body that names it.
func fillIn(r *http.Request, id string) {
	content, _ := io.ReadAll(r.Body)
	text := strings.ReplaceAll(string(content), `"ID"`, `"`+id+`"`)
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(text)), int64(len(text))
}
