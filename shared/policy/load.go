package policy

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Load returns the rules that a policy file has, for New. It refuses what YAML
// would turn into another value than a text or a list without being asked: a
// bare ! or a bare no, which would allow. Such faults are told with their lines,
// all at once.
func Load(path string) (map[string]any, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the policy file: %w", err)
	}
	rules, err := readRules(string(raw))
	if err != nil {
		return nil, fmt.Errorf("policy file %s: %w", path, err)
	}
	return rules, nil
}

// readRules reads the text of a policy file: one YAML mapping, or nothing.
func readRules(text string) (map[string]any, error) {
	decoder := yaml.NewDecoder(strings.NewReader(text))
	var document yaml.Node
	if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
		return map[string]any{}, nil
	} else if err != nil {
		return nil, err
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, errors.New("it holds more than one document")
	}
	top := document.Content[0]
	if isNull(top) || top.Kind == yaml.SequenceNode && len(top.Content) == 0 {
		return map[string]any{}, nil
	}
	if top.Kind != yaml.MappingNode {
		return nil, errors.New("it is no mapping of rule names to rules")
	}
	return readMapping(top)
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

func readMapping(n *yaml.Node) (map[string]any, error) {
	rules := make(map[string]any, len(n.Content)/2)
	var faults []error
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i], n.Content[i+1]
		rule, err := readValue(value)
		if _, twice := rules[name.Value]; twice {
			err = errors.New("the rule is there twice")
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("line %d, rule %q: %w", name.Line, name.Value, err))
			continue
		}
		rules[name.Value] = rule
	}
	return rules, errors.Join(faults...)
}

func readValue(n *yaml.Node) (any, error) {
	switch {
	case n.Kind == yaml.AliasNode && n.Alias.Kind == yaml.ScalarNode: // a list could hold itself
		return readValue(n.Alias)
	case n.Kind == yaml.ScalarNode && isText(n):
		return n.Value, nil
	case n.Kind == yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, element := range n.Content {
			v, err := readValue(element)
			if err != nil {
				return nil, err
			}
			list[i] = v
		}
		return list, nil
	}
	return nil, fmt.Errorf("a rule is a quoted text or a list: write %q to allow, %q to deny, or the rule between quotes", "", "!")
}

// isText reports whether a scalar is a text for this YAML library and for that
// of oslo.policy, which reads YAML 1.1: there no and off are false, which
// allows, and 5:5 is a number to the base of 60.
func isText(n *yaml.Node) bool {
	if n.ShortTag() != "!!str" {
		return false
	}
	if n.Style != 0 {
		return true
	}
	switch strings.ToLower(n.Value) {
	case "yes", "no", "on", "off":
		return false
	}
	return strings.Trim(n.Value, "0123456789:._+-") != ""
}
