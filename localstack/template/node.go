package template

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// value turns a node into maps, lists and scalars. Intrinsic functions get their
// long form: !Ref X is {"Ref": "X"}.
func value(n *yaml.Node) (any, error) {
	switch n.Kind {
	case yaml.DocumentNode:
		return value(n.Content[0])
	case yaml.AliasNode:
		return value(n.Alias)
	case yaml.MappingNode:
		m, err := mapping(n)
		return called(n, m, err)
	case yaml.SequenceNode:
		l, err := sequence(n)
		return called(n, l, err)
	case yaml.ScalarNode:
		if own(n) {
			return called(n, n.Value, nil)
		}
		return scalar(n)
	}
	return nil, nil // an empty document
}

func mapping(n *yaml.Node) (map[string]any, error) {
	m := make(map[string]any, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i].Value
		if _, twice := m[key]; twice {
			return nil, fmt.Errorf("line %d: %s is there twice", n.Content[i].Line, key)
		}
		v, err := value(n.Content[i+1])
		if err != nil {
			return nil, err
		}
		m[key] = v
	}
	return m, nil
}

func sequence(n *yaml.Node) ([]any, error) {
	l := make([]any, 0, len(n.Content))
	for _, c := range n.Content {
		v, err := value(c)
		if err != nil {
			return nil, err
		}
		l = append(l, v)
	}
	return l, nil
}

// own reports whether the node carries a tag of CloudFormation's.
func own(n *yaml.Node) bool { return strings.HasPrefix(n.Tag, "!") && !strings.HasPrefix(n.Tag, "!!") }

// called wraps the value of a tagged node in the function that the tag names.
func called(n *yaml.Node, v any, err error) (any, error) {
	if err != nil || !own(n) {
		return v, err
	}
	switch tag := n.Tag[1:]; tag {
	case "Ref", "Condition":
		return map[string]any{tag: v}, nil
	case "GetAtt":
		if text, is := v.(string); is {
			id, attribute, _ := strings.Cut(text, ".")
			v = []any{id, attribute}
		}
		return map[string]any{"Fn::GetAtt": v}, nil
	default:
		return map[string]any{"Fn::" + tag: v}, nil
	}
}

// scalar is what YAML says, but for dates, which templates write without quotes
// and mean as text.
func scalar(n *yaml.Node) (any, error) {
	if n.Tag == "!!timestamp" {
		return n.Value, nil
	}
	var v any
	if err := n.Decode(&v); err != nil {
		return nil, fmt.Errorf("line %d: %w", n.Line, err)
	}
	return v, nil
}
