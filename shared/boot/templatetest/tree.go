// Package templatetest reads the deployment's templates as CloudFormation does,
// for tests: what a stack would consist of, given its parameters, and what its
// roles may do. References to resources stay what they are, "${Table.Arn}", so
// that a test can say which resource it means.
//
// Source: AWS CloudFormation User Guide, "Intrinsic function reference".
package templatetest

import (
	"fmt"
	"os"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A Tree is a part of a template. All scalars are text. The short forms of
// CloudFormation's functions are spelt out, !Ref X as {"Ref": "X"}.
type Tree map[string]any

// Load reads a template.
func Load(name string) (Tree, error) {
	raw, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var document yaml.Node
	if err := yaml.Unmarshal(raw, &document); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(document.Content) == 0 {
		return nil, fmt.Errorf("%s: it is empty", name)
	}
	tree, ok := plain(document.Content[0]).(Tree)
	if !ok {
		return nil, fmt.Errorf("%s: it is no template", name)
	}
	return tree, nil
}

func plain(n *yaml.Node) any {
	var value any
	switch n.Kind {
	case yaml.MappingNode:
		m := make(Tree, len(n.Content)/2)
		for i := 0; i < len(n.Content); i += 2 {
			m[n.Content[i].Value] = plain(n.Content[i+1])
		}
		value = m
	case yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, c := range n.Content {
			list[i] = plain(c)
		}
		value = list
	default:
		value = n.Value
	}
	short, ok := strings.CutPrefix(n.Tag, "!")
	if !ok || strings.HasPrefix(short, "!") {
		return value
	}
	if short != "Ref" && short != "Condition" {
		short = "Fn::" + short
	}
	return Tree{short: value}
}

// At follows keys down; what is not there is an empty tree.
func (t Tree) At(keys ...string) Tree {
	for _, key := range keys {
		t, _ = t[key].(Tree)
	}
	return t
}

// Text is the scalar at a key, empty where there is none.
func (t Tree) Text(key string) string {
	s, _ := t[key].(string)
	return s
}

// List is what a key has: a list, or one value that stands for a list of one.
func (t Tree) List(key string) []any {
	switch v := t[key].(type) {
	case nil:
		return nil
	case []any:
		return v
	default:
		return []any{v}
	}
}

// Texts is List where all that is listed is text; what is not is left out.
func (t Tree) Texts(key string) []string {
	var texts []string
	for _, v := range t.List(key) {
		if s, ok := v.(string); ok {
			texts = append(texts, s)
		}
	}
	return texts
}

// Trees is List where all that is listed are trees; what is not is left out.
func (t Tree) Trees(key string) []Tree {
	var trees []Tree
	for _, v := range t.List(key) {
		if m, ok := v.(Tree); ok {
			trees = append(trees, m)
		}
	}
	return trees
}
