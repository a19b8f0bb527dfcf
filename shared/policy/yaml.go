package policy

import (
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// An unloadable is a value that is neither text, null, false nor zero: a number or a
// date, as written. oslo.policy does not load it.
type unloadable string

// What a plain scalar is to the YAML library of oslo.policy, which reads
// YAML 1.1. There off is false, and 5:5 a number to the base of 60.
//
// Source: PyYAML 6.0, lib/yaml/resolver.py.
var (
	yamlNull   = regexp.MustCompile(`^(?:~|null|Null|NULL|)$`)
	yamlTrue   = regexp.MustCompile(`^(?:yes|Yes|YES|true|True|TRUE|on|On|ON)$`)
	yamlFalse  = regexp.MustCompile(`^(?:no|No|NO|false|False|FALSE|off|Off|OFF)$`)
	yamlNumber = regexp.MustCompile(`^(?:[-+]?0b[01_]+|[-+]?0[0-7_]*|[-+]?[1-9][0-9_]*|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+` +
		`|[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*` +
		`|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$`)
	yamlDate = regexp.MustCompile(`^(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?` +
		`(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::[0-9]{2})?))?)$`)
	yamlZero = regexp.MustCompile(`^[-+]?(?:0[bx])?[0_.:]+(?:[eE][-+][0-9]+)?$`)
)

// plainValue returns what a plain scalar is.
func plainValue(text string) any {
	switch {
	case yamlNull.MatchString(text):
		return nil
	case yamlTrue.MatchString(text):
		return true
	case yamlFalse.MatchString(text):
		return false
	case yamlNumber.MatchString(text) && yamlZero.MatchString(text):
		return 0
	case yamlNumber.MatchString(text), yamlDate.MatchString(text):
		return unloadable(text)
	}
	return text
}

// maxNodes bounds what the aliases of one rule may stand for.
const maxNodes = 10_000

// A nodeReader turns the nodes of one rule into values.
type nodeReader struct {
	lines   []string // of the source
	nodes   int
	within  []*yaml.Node // aliases that are being read
	fault   string       // what no reader of YAML 1.1 makes a value of
	meant   string       // what a tag was meant to say; empty: nothing
	dropped bool         // an exclamation mark that YAML takes for a tag
}

func (r *nodeReader) value(n *yaml.Node) any {
	if r.nodes++; r.nodes > maxNodes {
		r.fail("its aliases stand for more than any rule has")
		return nil
	}
	switch n.Kind {
	case yaml.AliasNode:
		return r.alias(n)
	case yaml.ScalarNode:
		return r.scalar(n)
	case yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, element := range n.Content {
			list[i] = r.value(element)
		}
		r.tag(n, "!!seq")
		return list
	}
	r.tag(n, "!!map")
	return r.mapping(n)
}

func (r *nodeReader) fail(fault string) {
	if r.fault == "" {
		r.fault = fault
	}
}

func (r *nodeReader) alias(n *yaml.Node) any {
	for _, outer := range r.within {
		if outer == n.Alias {
			r.fail("the alias *" + n.Value + " stands within what it stands for")
			return nil
		}
	}
	r.within = append(r.within, n.Alias)
	v := r.value(n.Alias)
	r.within = r.within[:len(r.within)-1]
	return v
}

// tag refuses tags, but for the one that a node has without asking.
func (r *nodeReader) tag(n *yaml.Node, own string) {
	if n.Style&yaml.TaggedStyle != 0 && n.ShortTag() != own {
		r.fail("YAML takes " + n.Tag + " for the type of the value, and there is no such type for rules; an exclamation mark needs quotes")
	}
}

func (r *nodeReader) scalar(n *yaml.Node) any {
	r.dropped = r.dropped || marked(n, r.lines)
	if n.Style&yaml.TaggedStyle != 0 {
		r.tag(n, "!!str")
		if negated, ok := strings.CutPrefix(n.Tag, "!"); ok && strings.Contains(negated, ":") {
			r.meant = strings.TrimSpace("not " + negated + " " + n.Value)
		}
		return n.Value
	}
	const quoted = yaml.SingleQuotedStyle | yaml.DoubleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle
	if n.Style&quoted != 0 {
		return n.Value
	}
	if n.Value == "=" || n.Value == "<<" {
		r.fail(n.Value + " without quotes is no text to YAML 1.1")
	}
	return plainValue(n.Value)
}

func (r *nodeReader) mapping(n *yaml.Node) any {
	keys := make(map[string]any, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, ok := r.value(n.Content[i]).(string)
		if !ok || n.Content[i].ShortTag() == "!!merge" {
			r.fail("it is a mapping whose keys are no texts")
		}
		keys[key] = r.value(n.Content[i+1])
	}
	return keys
}

// marked reports whether the node begins with an exclamation mark that YAML
// takes for a tag which says nothing, and drops.
func marked(n *yaml.Node, lines []string) bool {
	if n.Kind != yaml.ScalarNode || n.Style&yaml.TaggedStyle != 0 || n.Line > len(lines) {
		return false
	}
	line := []rune(lines[n.Line-1])
	return n.Column <= len(line) && line[n.Column-1] == '!'
}
