package policy

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

var errDocuments = errors.New("it holds more than one document, and a policy file has one")

// content takes over the rules of one file. What is no YAML as a whole is read
// piece by piece, so that all its faults are told at once.
func (r *reader) content(path, content string) {
	if i := badByte(content); i >= 0 {
		r.fail(Finding{File: path, Line: lineAt(content, i), Reason: "the text is not UTF-8"})
		return
	}
	content = strings.TrimPrefix(content, "\ufeff")
	top, err := decode(content)
	switch {
	case err != nil:
		r.pieces(path, content, err)
	case top == nil || isNothing(top):
	case top.Kind == yaml.SequenceNode:
		r.fail(Finding{File: path, Line: top.Line, Reason: "it is a list; a policy file is a mapping of rule names to rules"})
	case top.Kind != yaml.MappingNode:
		r.pieces(path, content, errors.New("it is a text; a policy file is a mapping of rule names to rules"))
	default:
		r.mapping(path, top, strings.Split(content, "\n"), 0)
	}
}

// badByte returns where the text stops being UTF-8, -1 if it does not.
func badByte(content string) int {
	for i, c := range content {
		if c == utf8.RuneError && !strings.HasPrefix(content[i:], "\uFFFD") {
			return i
		}
	}
	return -1
}

func lineAt(content string, i int) int { return 1 + strings.Count(content[:i], "\n") }

// decode returns the one document's top, nil if there is none.
func decode(content string) (*yaml.Node, error) {
	decoder := yaml.NewDecoder(strings.NewReader(content))
	var document yaml.Node
	if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	switch err := decoder.Decode(new(yaml.Node)); {
	case err == nil:
		return nil, errDocuments
	case !errors.Is(err, io.EOF): // what follows the mapping is no YAML
		return nil, err
	}
	return document.Content[0], nil
}

// isNothing reports whether the top is what oslo.policy takes for no rules: all
// that is empty, or false.
func isNothing(top *yaml.Node) bool {
	if top.Kind == yaml.ScalarNode {
		return isEmpty((&nodeReader{}).value(top))
	}
	return len(top.Content) == 0
}

// yamlLine finds the line in a message of the YAML library.
var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// toldBy parts a message of the YAML library into its line, 0 where it tells
// none, and what it says.
func toldBy(err error) (line int, message string) {
	found := yamlLine.FindStringSubmatch(err.Error())
	if found == nil {
		return 0, err.Error()
	}
	line, _ = strconv.Atoi(found[1])
	return line, "YAML cannot read it: " + strings.TrimPrefix(err.Error(), found[0])
}

// mapping takes over the rules of one mapping that begins some lines below the
// top of its file.
func (r *reader) mapping(path string, top *yaml.Node, lines []string, below int) {
	first := map[string]int{}
	r.tabs(path, top, lines, below)
	for i := 0; i+1 < len(top.Content); i += 2 {
		key, value := top.Content[i], top.Content[i+1]
		e := entry{name: key.Value, file: path, line: key.Line + below}
		e.named(key)
		if line, twice := first[e.name]; twice && !e.nameless {
			e.faults = append(e.faults, fault{refused, fmt.Sprintf("the rule is on line %d, too; only the last one would count", line)})
		}
		first[e.name] = e.line
		e.read(value, lines)
		r.put(e)
	}
}

// named judges the name.
func (e *entry) named(n *yaml.Node) {
	_, isText := (&nodeReader{}).value(n).(string)
	switch e.nameless = !isText; {
	case n.ShortTag() == "!!merge":
		e.faults = append(e.faults, fault{broken, "mappings are not merged; write the rules themselves"})
	case n.Kind != yaml.ScalarNode && n.Kind != yaml.AliasNode:
		e.faults = append(e.faults, fault{broken, "its name is no text"})
	case !isText:
		e.faults = append(e.faults, fault{refused, "the name is no text to YAML, so that nobody can ask for it; it needs quotes"})
	}
}

// read takes over the value.
func (e *entry) read(n *yaml.Node, lines []string) {
	nodes := nodeReader{lines: lines}
	e.value = nodes.value(n)
	if n.Kind == yaml.ScalarNode && n.Style == 0 {
		e.raw = n.Value
	}
	text, isText := e.value.(string)
	switch {
	case nodes.fault != "":
		e.unread = true
		e.faults = append(e.faults, fault{broken, nodes.fault})
		if nodes.meant != "" {
			e.meant = nodes.meant
		}
	case nodes.dropped && e.value == nil:
		e.raw = "!"
	case nodes.dropped:
		e.faults = append(e.faults, fault{refused, `YAML takes the "!" before the text for a tag, and drops it`})
		if isText {
			e.meant = "not " + enclose(text)
		}
	}
}

// enclose puts parentheses around a rule of more than one check.
func enclose(text string) string {
	if strings.ContainsAny(text, " \t\n") {
		return "(" + text + ")"
	}
	return text
}

// tabs tells of tabs between names and rules: YAML 1.1 has none there.
func (r *reader) tabs(path string, top *yaml.Node, lines []string, below int) {
	for _, n := range top.Content {
		if n.Line > len(lines) {
			continue
		}
		line := []rune(lines[n.Line-1])
		before := string(line[:min(n.Column-1, len(line))])
		if strings.Contains(before[len(strings.TrimRight(before, " \t")):], "\t") {
			r.refuse(Finding{File: path, Line: n.Line + below, Reason: "there is a tab where YAML 1.1 takes nothing but blanks"})
			return
		}
	}
}
