package policy

import (
	"strings"
	"testing"
	"time"
)

func TestRulesThatCannotBeTakenStopTheStart(t *testing.T) {
	for name, c := range map[string]struct {
		overrides map[string]any
		want      []string
	}{
		"null":            {map[string]any{"get_image": nil}, []string{`"get_image"`, "null"}},
		"false":           {map[string]any{"get_image": false}, []string{"false"}},
		"true":            {map[string]any{"get_image": true}, []string{"true"}},
		"number":          {map[string]any{"get_image": 0}, []string{"not 0"}},
		"date":            {map[string]any{"get_image": time.Time{}}, []string{"0001-01-01"}},
		"mapping":         {map[string]any{"get_image": map[string]any{}}, []string{"a mapping"}},
		"list of numbers": {map[string]any{"get_image": []any{5}}, []string{"not 5"}},
		"deep list":       {map[string]any{"get_image": []any{[]any{[]any{"@"}}}}, []string{"a list"}},
		"null in a list":  {map[string]any{"get_image": []any{nil}}, []string{"null"}},
		"too long":        {map[string]any{"get_image": strings.Repeat("(", 1<<20)}, []string{"1048576 bytes"}},
		"no UTF-8":        {map[string]any{"get_image": "role:\xff"}, []string{"UTF-8"}},
		"http":            {map[string]any{"get_image": "@ or http://x/y"}, []string{"remote checks are not offered", "http://x/y"}},
		"https in a list": {map[string]any{"get_image": []any{"https://x/y"}}, []string{"remote checks are not offered"}},
		"unknown":         {map[string]any{"get_image": "rule:contxt_is_admin"}, []string{`there is no rule "contxt_is_admin"`}},
		"circle":          {map[string]any{"a": "rule:b", "b": "! and rule:c", "c": "not rule:a"}, []string{"a -> b -> c -> a"}},
		"itself":          {map[string]any{"default": "rule:default"}, []string{"default -> default"}},
		"several":         {map[string]any{"a": nil, "b": 5}, []string{`"a"`, `"b"`}},
		"several, later":  {map[string]any{"a": "rule:x", "b": "http:x"}, []string{`"a"`, `"b"`}},
	} {
		_, err := New(c.overrides)
		if err == nil {
			t.Errorf("%s: taken", name)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %q does not tell %q", name, err, want)
			}
		}
	}
}

// Many rules that share references are no circle, and take no time that doubles
// with each.
func TestSharedReferencesAreTaken(t *testing.T) {
	overrides := map[string]any{"r0": "@"}
	name := func(i int) string { return "r" + strings.Repeat("x", i) }
	overrides[name(0)] = "@"
	for i := range 60 {
		overrides[name(i+1)] = "rule:" + name(i) + " or rule:" + name(i)
	}
	if _, err := New(overrides); err != nil {
		t.Error(err)
	}
}
