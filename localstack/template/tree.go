package template

import (
	"fmt"
	"os"

	"go.yaml.in/yaml/v3"
)

// A Tree is a part of a template. Its values are trees, lists and text: a number
// is what the template wrote. The short forms of CloudFormation's functions are
// spelt out, !Ref X as {"Ref": "X"}.
type Tree map[string]any

// Load reads a template's file.
func Load(path string) (Tree, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("template: %w", err)
	}
	t, err := Parse(text)
	if err != nil {
		return nil, fmt.Errorf("template: %s: %w", path, err)
	}
	return t, nil
}

// Parse reads the text of a template.
func Parse(text []byte) (Tree, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, err
	}
	if len(document.Content) == 0 {
		return nil, fmt.Errorf("it is empty")
	}
	root, err := plain(document.Content[0])
	if err != nil {
		return nil, err
	}
	t, is := root.(Tree)
	if !is {
		return nil, fmt.Errorf("it is no template")
	}
	return t, nil
}

// At follows keys down; what is not there is an empty tree.
func (t Tree) At(keys ...string) Tree {
	for _, key := range keys {
		t, _ = t[key].(Tree)
	}
	return t
}

// Text is the text at a key, empty where there is none.
func (t Tree) Text(key string) string {
	s, _ := t[key].(string)
	return s
}

// List is what a key has: a list, or one value that stands for a list of one.
func (t Tree) List(key string) []any { return list(t[key]) }

func list(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	default:
		return []any{v}
	}
}

// Texts is List where all that is listed is text; what is not is left out.
func (t Tree) Texts(key string) []string { return only[string](t.List(key)) }

// Trees is List where all that is listed are trees; what is not is left out.
func (t Tree) Trees(key string) []Tree { return only[Tree](t.List(key)) }

func only[T any](list []any) []T {
	var found []T
	for _, v := range list {
		if each, is := v.(T); is {
			found = append(found, each)
		}
	}
	return found
}
