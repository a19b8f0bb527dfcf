package boot

import (
	"context"
	"fmt"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gander-images/gander/localstack/template"
	"github.com/gander-images/gander/shared/boot/event"
	"github.com/gander-images/gander/shared/httpapi"
)

// An inventory is everything that must name the same functions.
type inventory struct {
	folders   map[string]string // under functions/, with their main.go
	rows      []httpapi.Operation
	events    map[string][]byte
	template  template.Tree // template.yaml
	dataplane template.Tree // dataplane.yaml
	deploying string        // docs/deploying.md
	readme    string        // README.md
}

func takeInventory(t *testing.T) inventory {
	t.Helper()
	i := inventory{
		folders: map[string]string{}, events: map[string][]byte{}, rows: slices.Clone(httpapi.All),
		template: loadTemplate(t, "template.yaml"), dataplane: loadTemplate(t, "dataplane.yaml"),
		deploying: string(readFile(t, "docs/deploying.md")), readme: string(readFile(t, "README.md")),
	}
	for _, e := range readDir(t, "functions") {
		i.folders[e] = string(readFile(t, "functions/"+e+"/main.go"))
	}
	for _, e := range readDir(t, "events") {
		i.events[e] = readFile(t, "events/"+e)
	}
	return i
}

const root = "../../"

func loadTemplate(t *testing.T, name string) template.Tree {
	t.Helper()
	tree, err := template.Load(root + name)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(root + name)
	if err != nil {
		t.Error(err)
	}
	return text
}

func readDir(t *testing.T, name string) []string {
	t.Helper()
	entries, err := os.ReadDir(root + name)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// functions are the operations and the consumers.
func (i inventory) functions() []function { return functionsOf(i.rows) }

func camel(name string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(name, "-") {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}

// disagreements is what is on one side only, in whatever stack it shows.
func (i inventory) disagreements() []string {
	found := slices.Concat(i.checkFolders(), i.checkEvents(), i.checkReadme(), i.checkParameters())
	for _, v := range variants {
		found = append(found, i.checkVariant(v)...)
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// compare tells what only one of two sets has.
func compare[K comparable, V any, W any](left, right string, a map[K]V, b map[K]W) []string {
	var found []string
	for name := range a {
		if _, ok := b[name]; !ok {
			found = append(found, fmt.Sprintf("%v: in %s, not in %s", name, left, right))
		}
	}
	for name := range b {
		if _, ok := a[name]; !ok {
			found = append(found, fmt.Sprintf("%v: in %s, not in %s", name, right, left))
		}
	}
	return found
}

func set[K comparable](names ...K) map[K]bool {
	s := make(map[K]bool, len(names))
	for _, n := range names {
		s[n] = true
	}
	return s
}

func (i inventory) checkFolders() []string {
	names := set("standalone")
	for _, f := range i.functions() {
		names[f.name] = true
	}
	found := compare("the operation table", "functions/", names, i.folders)
	for _, f := range i.functions() {
		main, ok := i.folders[f.name]
		if runs := "." + camel(f.name) + ")"; ok && !strings.Contains(strings.ToLower(main), strings.ToLower(runs)) { // ACL in Go is Acl in a template
			found = append(found, f.name+": its main.go does not run "+camel(f.name))
		}
	}
	return found
}

func isConsumer(name string) bool {
	return slices.ContainsFunc(Consumers(), func(c Consumer) bool { return c.Name == name })
}

func (i inventory) checkEvents() []string {
	names := map[string]bool{}
	shapes := map[event.Shape]bool{}
	var found []string
	for _, f := range i.functions() {
		names[f.name+".json"] = true
		payload, ok := i.events[f.name+".json"]
		if !ok || isConsumer(f.name) || f.name == Authorizer.Name {
			continue // its own tests feed it
		}
		r, shape, err := event.Request(context.Background(), payload)
		if err != nil {
			found = append(found, f.name+": its event is none: "+err.Error())
			continue
		}
		shapes[shape] = true
		if to := i.serves(r.Method, r.URL.Path); to != f.name {
			found = append(found, fmt.Sprintf("%s: its event is for %s %s, which is %s", f.name, r.Method, r.URL.Path, to))
		}
	}
	if !shapes[event.REST] || !shapes[event.HTTP] {
		found = append(found, "events/: payload 1.0 and payload 2.0 must both be among them")
	}
	return append(found, compare("the operation table", "events/", names, i.events)...)
}

var operationName = regexp.MustCompile(`^[a-z]+(-[a-z0-9]+)*$`)

// checkReadme: the table of calls in README.md names each operation, before what
// it says of it.
func (i inventory) checkReadme() []string {
	_, section, _ := strings.Cut(i.readme, "\n## What it serves\n")
	section, _, _ = strings.Cut(section, "\n## ")
	named, rows := map[string]bool{}, map[string]bool{}
	for line := range strings.Lines(section) {
		cells := strings.Split(line, " | ")
		if len(cells) != 2 {
			continue
		}
		names, _, _ := strings.Cut(strings.TrimRight(cells[1], " |\n"), ":")
		for name := range strings.SplitSeq(names, ", ") {
			if operationName.MatchString(name) && name != "operation" {
				named[name] = true
			}
		}
	}
	for _, op := range i.rows {
		rows[op.Name] = true
	}
	return compare("the operation table", "README.md", rows, named)
}

var variable = regexp.MustCompile(`\{[^}]*\}`)

// serves names who answers a request: a path's own words go before variables.
func (i inventory) serves(method, asked string) string {
	name, fewest := httpapi.Fallback.Name, len(asked)
	for _, op := range i.rows {
		for _, p := range op.Paths {
			pattern := variable.ReplaceAllString(p, "*")
			matched, _ := path.Match(pattern, asked)
			if n := strings.Count(pattern, "*"); matched && n < fewest && slices.Contains(op.Methods, method) {
				name, fewest = op.Name, n
			}
		}
	}
	return name
}

func TestFoldersRowsTemplateAndEventsAgree(t *testing.T) {
	for _, line := range takeInventory(t).disagreements() {
		t.Error(line)
	}
}
