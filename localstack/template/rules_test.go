package template_test

import (
	"strings"
	"testing"

	"github.com/gander-images/gander/localstack/template"
)

// TestRulesHoldParametersToEachOther: each assertion of a rule whose condition
// holds, and all that are broken in one message.
func TestRulesHoldParametersToEachOther(t *testing.T) {
	tree := template.Tree{
		"Parameters": template.Tree{"Kind": template.Tree{"Type": "String", "Default": "plain"}, "Key": template.Tree{"Type": "String", "Default": ""}},
		"Rules": template.Tree{
			"Keyed": template.Tree{
				"RuleCondition": template.Tree{"Fn::Equals": []any{template.Tree{"Ref": "Kind"}, "keyed"}},
				"Assertions":    []any{template.Tree{"Assert": template.Tree{"Fn::Not": []any{template.Tree{"Fn::Equals": []any{template.Tree{"Ref": "Key"}, ""}}}}, "AssertDescription": "Key must be given"}},
			},
			"Short": template.Tree{"Assertions": []any{template.Tree{"Assert": template.Tree{"Fn::Not": []any{template.Tree{"Fn::Equals": []any{template.Tree{"Ref": "Kind"}, "long"}}}}, "AssertDescription": "Kind is too long"}}},
		},
	}
	for _, test := range []struct{ kind, key, says string }{
		{"plain", "", ""},
		{"keyed", "k", ""},
		{"keyed", "", "rule Keyed: Key must be given"},
		{"long", "", "rule Short: Kind is too long"},
	} {
		_, err := tree.Stack(template.Options{Parameters: map[string]string{"Kind": test.kind, "Key": test.key}})
		if err == nil && test.says != "" || err != nil && (test.says == "" || !strings.Contains(err.Error(), test.says)) {
			t.Errorf("%+v: %v", test, err)
		}
	}
	if _, err := tree.Stack(template.Options{Partial: true, Parameters: map[string]string{"Kind": "keyed"}}); err != nil {
		t.Errorf("of a part of the stack nothing is asserted, but %v", err)
	}
}
