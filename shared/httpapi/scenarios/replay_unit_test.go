//go:build !cloud

package scenarios

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// A departure is a deliberate difference from Glance that recorded answers meet.
type departure struct {
	Row      string            // the first cell of its row in docs/differences.md, which says why
	Mark     string            // "[BUG]": Glance does it by mistake; "[→]": a choice
	Requests []string          // scenario, who asks, and what, as in "create member POST /v2/images *"; a star for anything
	Status   int               // only of Glance's answers with it; 0: of any
	Ours     map[string]string // aspects, and how they are with us; a star for anything
	Except   []string          // expressions for what Glance says that we say, too: "404 text"

	used map[string]int // requests, aspects and exceptions that were met
}

func readDepartures(t *testing.T) []*departure {
	t.Helper()
	content, err := os.ReadFile("../recorded/differences.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var all []*departure
	decoder := yaml.NewDecoder(strings.NewReader(string(content)))
	decoder.KnownFields(true)
	if err := decoder.Decode(&all); err != nil {
		t.Fatal(err)
	}
	for _, d := range all {
		d.used = map[string]int{}
	}
	return all
}

// copied reports whether we say what Glance says, too.
func (d *departure) copied(answer kept) bool {
	said := fmt.Sprintf("%d %s", answer.Status, answer.told().text)
	for _, expression := range d.Except {
		if regexp.MustCompile(expression).MatchString(said) {
			d.used[expression]++
			return true
		}
	}
	return false
}

// explains reports whether d is of this request, with this answer of Glance's, and
// says so of the delta.
func (d *departure) explains(request string, answer kept, found delta) bool {
	if d.Status != 0 && d.Status != answer.Status || found.aspect == "text" && d.copied(answer) {
		return false
	}
	for aspect, value := range d.Ours {
		if !like(aspect, found.aspect) || !like(value, found.ours) {
			continue
		}
		for _, pattern := range d.Requests {
			if like(pattern, request) {
				d.used[pattern]++
				d.used[aspect]++
				return true
			}
		}
	}
	return false
}

// unused returns what no answer has met.
func (d *departure) unused() []string {
	var idle []string
	for _, pattern := range slices.Concat(d.Requests, d.Except) {
		if d.used[pattern] == 0 {
			idle = append(idle, pattern)
		}
	}
	for aspect := range d.Ours {
		if d.used[aspect] == 0 {
			idle = append(idle, aspect)
		}
	}
	return idle
}

// rowsTold are the first cells of the page that says why Gander differs.
func rowsTold(t *testing.T) map[string]bool {
	t.Helper()
	page, err := os.ReadFile("../../../docs/differences.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]bool{}
	for line := range strings.Lines(string(page)) {
		if cells := strings.Split(line, " | "); len(cells) == 4 {
			rows[strings.TrimPrefix(cells[0], "| ")] = true
		}
	}
	return rows
}

// recordedEndpoint is the public endpoint of the Glance that was recorded, which
// knows no path in front of its own.
const recordedEndpoint = "https://image.example"

// A replay plays recordings to Gander, and counts what it compares.
type replay struct {
	departures                   []*departure
	requests, aspects, explained int
}

func (r *replay) play(t *testing.T, scenario recording) {
	inside := newInside(t)
	inside.services.PublicEndpoint = recordedEndpoint
	if strings.HasPrefix(scenario.name, "protected") { // as the recorder has it
		inside.set("GANDER_PROPERTY_PROTECTION_FILE=../recorded/protections.conf")
	}
	w, v := inside.world, newVariables()
	t.Cleanup(w.audit)
	for i := range scenario.Exchanges {
		e := &scenario.Exchanges[i]
		compared := compare(e.Answer, e.play(w, v), v)
		r.requests++
		r.aspects += compared.aspects
		r.explained += len(compared.deltas)
		asked := scenario.name + " " + e.String()
		for _, d := range compared.deltas {
			if !slices.ContainsFunc(r.departures, func(known *departure) bool { return known.explains(asked, e.Answer, d) }) {
				t.Errorf("%.400s\n\t%s", asked, d)
			}
		}
		for _, known := range r.departures {
			known.copied(e.Answer) // what we copy is told, whether or not it differs
		}
	}
}

// Gander answers what Glance answers, but where docs/differences.md says
// otherwise and why.
func TestRecordedAnswers(t *testing.T) {
	r := replay{departures: readDepartures(t)}
	for _, scenario := range readRecordings(t) {
		t.Run(scenario.name, func(t *testing.T) { r.play(t, scenario) })
	}
	cited, rows := rowsTold(t), map[string]bool{}
	for _, d := range r.departures {
		rows[d.Row] = true
		if d.Mark != "[BUG]" && d.Mark != "[→]" || !cited[d.Row] {
			t.Errorf("docs/differences.md has no row %q, or it is marked %q", d.Row, d.Mark)
		}
		for _, idle := range d.unused() {
			t.Errorf("no answer differs by %q of %q", idle, d.Row)
		}
	}
	t.Logf("%d requests, %d aspects of their answers compared, of which %d differ by %d deliberate differences",
		r.requests, r.aspects, r.explained, len(rows))
}
