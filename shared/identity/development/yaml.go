package development

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// faults collects all that is wrong with a file, so that its author reads it
// at once.
type faults struct {
	file string
	list []fault
}

type fault struct {
	line int
	text string
}

func (f *faults) add(at *yaml.Node, format string, args ...any) {
	f.list = append(f.list, fault{line: at.Line, text: fmt.Sprintf(format, args...)})
}

// err tells all faults in the order of the file's lines; nil when there are none.
func (f *faults) err() error {
	if len(f.list) == 0 {
		return nil
	}
	slices.SortStableFunc(f.list, func(a, b fault) int { return a.line - b.line })
	var text strings.Builder
	for _, found := range f.list {
		fmt.Fprintf(&text, "\n%s:%d: %s", f.file, found.line, found.text)
	}
	return fmt.Errorf("the development identity cannot start:%s", text.String())
}

// A record is one YAML mapping, its fields by name.
type record struct {
	node   *yaml.Node
	fields map[string]*yaml.Node
	faults *faults
}

// mapping reads node as a mapping with no other fields than these; ok is false
// when it is none.
func (f *faults) mapping(node *yaml.Node, known ...string) (r record, ok bool) {
	r = record{node: node, fields: map[string]*yaml.Node{}, faults: f}
	if node.Kind != yaml.MappingNode {
		f.add(node, "a mapping is needed here, with some of: %s", strings.Join(known, ", "))
		return r, false
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		name, value := node.Content[i], node.Content[i+1]
		switch _, twice := r.fields[name.Value]; {
		case twice:
			f.add(name, "%q is given twice", name.Value)
		case !slices.Contains(known, name.Value):
			f.add(name, "%q is unknown here; known are: %s", name.Value, strings.Join(known, ", "))
		default:
			r.fields[name.Value] = value
		}
	}
	return r, true
}

// each walks the entries of a list field; an absent one is empty.
func (r record) each(field string, visit func(*yaml.Node)) {
	node := r.fields[field]
	switch {
	case node == nil || node.Tag == "!!null":
	case node.Kind != yaml.SequenceNode:
		r.faults.add(node, "%q must be a list", field)
	default:
		for _, entry := range node.Content {
			visit(entry)
		}
	}
}

// text returns a field's text, empty when absent.
func (r record) text(field string) string {
	node := r.fields[field]
	if node == nil || node.Tag == "!!null" {
		return ""
	}
	if node.Kind != yaml.ScalarNode {
		r.faults.add(node, "%q must be text", field)
		return ""
	}
	if !printable(node.Value) {
		r.faults.add(node, "%q must not have control characters", field)
		return ""
	}
	return node.Value
}

// needed is text that may not be empty.
func (r record) needed(field string) string {
	before := len(r.faults.list)
	text := r.text(field)
	if text == "" && len(r.faults.list) == before {
		r.faults.add(r.at(field), "%q is missing", field)
	}
	return text
}

// truth returns a field's boolean.
func (r record) truth(field string, absent bool) bool {
	node := r.fields[field]
	if node == nil {
		return absent
	}
	var value bool
	if node.Tag != "!!bool" || node.Decode(&value) != nil {
		r.faults.add(node, "%q must be true or false", field)
		return absent
	}
	return value
}

func (r record) at(field string) *yaml.Node {
	if node := r.fields[field]; node != nil {
		return node
	}
	return r.node
}

func printable(text string) bool {
	return !strings.ContainsFunc(text, func(c rune) bool { return c < ' ' || c == 0x7f })
}
