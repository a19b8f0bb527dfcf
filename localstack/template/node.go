package template

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// plain turns a node into trees, lists and text; null is nil.
func plain(n *yaml.Node) (any, error) {
	v, err := untagged(n)
	function, tagged := strings.CutPrefix(n.Tag, "!")
	if err != nil || !tagged || strings.HasPrefix(function, "!") {
		return v, err
	}
	if function != "Ref" && function != "Condition" {
		function = "Fn::" + function
	}
	return Tree{function: v}, nil
}

func untagged(n *yaml.Node) (any, error) {
	switch n.Kind {
	case yaml.AliasNode:
		return plain(n.Alias)
	case yaml.MappingNode:
		return mapping(n)
	case yaml.SequenceNode:
		return sequence(n)
	}
	if n.Tag == "!!null" {
		return nil, nil
	}
	return n.Value, nil
}

func mapping(n *yaml.Node) (any, error) {
	m := make(Tree, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i].Value
		if _, twice := m[key]; twice {
			return nil, fmt.Errorf("line %d: %s is there twice", n.Content[i].Line, key)
		}
		v, err := plain(n.Content[i+1])
		if err != nil {
			return nil, err
		}
		m[key] = v
	}
	return m, nil
}

func sequence(n *yaml.Node) (any, error) {
	l := make([]any, 0, len(n.Content))
	for _, c := range n.Content {
		v, err := plain(c)
		if err != nil {
			return nil, err
		}
		l = append(l, v)
	}
	return l, nil
}
