package jwt

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// mistake is in the form in which the YAML library collects them.
func mistake(at *yaml.Node, format string, args ...any) error {
	return &yaml.TypeError{Errors: []string{fmt.Sprintf("line %d: ", at.Line) + fmt.Sprintf(format, args...)}}
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (s *source) UnmarshalYAML(node *yaml.Node) error {
	s.line = node.Line
	switch node.Kind {
	case yaml.ScalarNode, yaml.SequenceNode:
		return s.readPath(node)
	case yaml.MappingNode:
		return s.readParts(node)
	}
	return mistake(node, "a claim is needed, or {value: ...}")
}

func (s *source) readParts(node *yaml.Node) error {
	for i := 0; i+1 < len(node.Content); i += 2 {
		name, value := node.Content[i], node.Content[i+1]
		switch {
		case name.Value == "claim" && s.path == nil:
			if err := s.readPath(value); err != nil {
				return err
			}
		case name.Value == "value" && s.value == "":
			text, err := textOf(value)
			if err != nil {
				return err
			}
			s.value = text
		default:
			return mistake(name, "%q is unknown here, or given twice; known are claim and value", name.Value)
		}
	}
	if s.path == nil && s.value == "" {
		return mistake(node, "a claim is needed, or a value")
	}
	return nil
}

// readPath reads text, of which dots are the parts, or a list of names.
func (s *source) readPath(node *yaml.Node) error {
	if node.Kind == yaml.SequenceNode {
		for _, part := range node.Content {
			name, err := textOf(part)
			if err != nil {
				return err
			}
			s.path = append(s.path, name)
		}
		if len(s.path) == 0 {
			return mistake(node, "a claim has a name")
		}
		return nil
	}
	text, err := textOf(node)
	if err != nil {
		return err
	}
	if strings.Contains(text, "://") {
		return mistake(node, "%q has dots that part no claims; write it as a list: [%q]", text, text)
	}
	if s.path = strings.Split(text, "."); slices.Contains(s.path, "") {
		return mistake(node, "%q has an empty part", text)
	}
	return nil
}

func textOf(node *yaml.Node) (string, error) {
	if node.Kind != yaml.ScalarNode || node.ShortTag() != "!!str" {
		return "", mistake(node, "text is needed here; put it in quotes if it looks like something else")
	}
	if err := checkText(node.Value); err != nil {
		return "", mistake(node, "%v", err)
	}
	return node.Value, nil
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (t *textNode) UnmarshalYAML(node *yaml.Node) (err error) {
	t.line = node.Line
	t.text, err = textOf(node)
	return err
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (g *group) UnmarshalYAML(node *yaml.Node) error {
	type plain group
	g.line = node.Line
	for i := 0; node.Kind == yaml.MappingNode && i < len(node.Content); i += 2 {
		if name := node.Content[i]; !slices.Contains([]string{"group", "project_id", "project_domain", "roles"}, name.Value) {
			return mistake(name, "%q is unknown here; known are group, project_id, project_domain and roles", name.Value)
		}
	}
	return node.Decode((*plain)(g))
}
