package template_test

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/gander-images/gander/localstack/template"
)

func TestLoadRefusesWhatIsNoTemplate(t *testing.T) {
	for _, text := range []string{"", "- a\n- b\n", "a: [\n", "a: {b: 1, b: 2}"} {
		name := filepath.Join(t.TempDir(), "template.yaml")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if tree, err := template.Load(name); err == nil {
			t.Errorf("%q is read as %v", text, tree)
		}
	}
	if _, err := template.Load(filepath.Join(t.TempDir(), "absent")); err == nil {
		t.Error("a file that is not there is read")
	}
}

// TestParse holds that values are what the template wrote, not what YAML makes
// of them, and that functions are spelt out.
func TestParse(t *testing.T) {
	got, err := template.Parse([]byte(`{Account: 012345678901, Off: no, Since: 2012-10-17, None: ~, Ref: !Ref X, Arn: !GetAtt X.Arn, Same: &a [1.0], Again: *a}`))
	want := template.Tree{
		"Account": "012345678901", "Off": "no", "Since": "2012-10-17", "None": nil, "Ref": template.Tree{"Ref": "X"},
		"Arn": template.Tree{"Fn::GetAtt": "X.Arn"}, "Same": []any{"1.0"}, "Again": []any{"1.0"},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v", got, err)
	}
}

func TestTreesAreLists(t *testing.T) {
	tree := template.Tree{"one": template.Tree{"a": "b"}, "some": []any{"a", template.Tree{}, "b"}}
	if got := tree.Texts("some"); !reflect.DeepEqual(got, []string{"a", "b"}) {
		t.Errorf("texts are %v", got)
	}
	if got := tree.Trees("one"); !reflect.DeepEqual(got, []template.Tree{{"a": "b"}}) {
		t.Errorf("trees are %v", got)
	}
	if got := tree.At("one", "a", "b").Text("c"); got != "" {
		t.Errorf("what is not there is %q", got)
	}
}
