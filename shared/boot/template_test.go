package boot

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// A tree is a part of template.yaml; the short forms of CloudFormation's
// functions are spelt out, !Ref X as {"Ref": "X"}.
type tree map[string]any

func loadTemplate(t *testing.T) tree {
	t.Helper()
	raw, err := os.ReadFile("../../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var document yaml.Node
	if err := yaml.Unmarshal(raw, &document); err != nil {
		t.Fatal(err)
	}
	return plain(document.Content[0]).(tree)
}

func plain(n *yaml.Node) any {
	var value any
	switch n.Kind {
	case yaml.MappingNode:
		m := make(tree, len(n.Content)/2)
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
	if short, ok := strings.CutPrefix(n.Tag, "!"); ok && !strings.HasPrefix(short, "!") {
		if short != "Ref" {
			short = "Fn::" + short
		}
		return tree{short: value}
	}
	return value
}

// at follows keys down; what is not there is an empty tree.
func (t tree) at(keys ...string) tree {
	for _, key := range keys {
		t, _ = t[key].(tree)
	}
	return t
}

func (t tree) text(key string) string {
	s, _ := t[key].(string)
	return s
}

// ref is the resource or the text that a value stands for.
func ref(value any) string {
	switch v := value.(type) {
	case tree:
		for _, inner := range v {
			return ref(inner)
		}
	case string:
		return v
	}
	return fmt.Sprint(value)
}

// list is a value that may stand alone or in a list.
func list(value any) []string {
	switch v := value.(type) {
	case nil:
		return nil
	case []any:
		out := make([]string, len(v))
		for i, one := range v {
			out[i] = ref(one)
		}
		return out
	}
	return []string{ref(value)}
}
