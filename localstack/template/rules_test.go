package template_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gander-images/gander/localstack/template"
)

// TestRulesHoldParametersToEachOther: each assertion of a rule whose condition
// holds, and all that are broken in one message.
func TestRulesHoldParametersToEachOther(t *testing.T) {
	tree := template.Tree{
		"Parameters": template.Tree{"Kind": template.Tree{"Type": "String", "Default": "plain"}, "Key": template.Tree{"Type": "String", "Default": ""}, "Size": template.Tree{"Type": "String", "Default": ""}},
		"Rules": template.Tree{
			"Keyed": template.Tree{
				"RuleCondition": template.Tree{"Fn::Equals": []any{template.Tree{"Ref": "Kind"}, "keyed"}},
				"Assertions":    []any{isNot("Key", "")},
			},
			"Short": template.Tree{"Assertions": []any{isNot("Kind", "long"), isNot("Size", "large")}},
		},
	}
	for _, test := range []struct {
		kind, key, size string
		says            []string
	}{
		{"plain", "", "", nil},
		{"keyed", "k", "", nil},
		{"keyed", "", "", []string{"rule Keyed: Key is wrong"}},
		{"long", "", "", []string{"rule Short: Kind is wrong"}},
		{"plain", "", "large", []string{"rule Short: Size is wrong"}},
		{"long", "", "large", []string{"rule Short: Kind is wrong", "Size is wrong"}},
		{"keyed", "", "large", []string{"rule Keyed: Key is wrong", "rule Short: Size is wrong"}},
	} {
		_, err := tree.Stack(template.Options{Parameters: map[string]string{"Kind": test.kind, "Key": test.key, "Size": test.size}})
		told := fmt.Sprint(err)
		if (err != nil) != (len(test.says) > 0) || strings.Count(told, "is wrong") != len(test.says) {
			t.Errorf("%+v: %v", test, err)
		}
		for _, says := range test.says {
			if !strings.Contains(told, says) {
				t.Errorf("%+v: %v", test, err)
			}
		}
	}
	if _, err := tree.Stack(template.Options{Partial: true, Parameters: map[string]string{"Kind": "keyed"}}); err != nil {
		t.Errorf("of a part of the stack nothing is asserted, but %v", err)
	}
}

// isNot asserts that a parameter does not have the value.
func isNot(parameter, value string) template.Tree {
	held := template.Tree{"Fn::Not": []any{template.Tree{"Fn::Equals": []any{template.Tree{"Ref": parameter}, value}}}}
	return template.Tree{"Assert": held, "AssertDescription": parameter + " is wrong"}
}
