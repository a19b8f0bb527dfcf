package templatetest

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

const small = `
Parameters:
  Name: {Type: String}
  Size: {Type: String, Default: small, AllowedValues: [small, large]}
  List: {Type: String, Default: "a,b"}
Conditions:
  IsLarge: !Equals [!Ref Size, large]
  IsSmall: !Not [!Condition IsLarge]
  Never: !And [!Condition IsLarge, !Condition IsSmall]
  Always: !Or [!Condition IsLarge, !Condition IsSmall]
Resources:
  Box:
    Type: Box
    Properties:
      Name: !Ref Name
      Self: !GetAtt Box.Arn
      Long: !GetAtt [Box, Arn]
      Text: !Sub "${Name} of ${AWS::Region} in ${Box.Arn}, ${Own}"
      Size: !If [IsLarge, 2, 1]
      Gone: !If [IsLarge, 2, !Ref "AWS::NoValue"]
      Split: !Split [",", !Ref List]
      Second: !Select [1, !Split [",", !Ref List]]
      Joined: !Join ["-", [!Ref Name, x]]
      Named: !Sub ["${Own}/${Name}", {Own: !Ref Size}]
      List: [1, !Ref "AWS::NoValue", 3]
  Lid: {Type: Lid, Condition: IsLarge}
  Bottom: {Type: Bottom, Condition: Always}
  Handle: {Type: Handle, Condition: Never}
Outputs:
  Lid: {Condition: IsLarge, Value: !Ref Lid}
`

func parse(t *testing.T, text string) Tree {
	t.Helper()
	name := filepath.Join(t.TempDir(), "template.yaml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	tree, err := Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func TestStackIsWorkedOut(t *testing.T) {
	stack, err := parse(t, strings.Replace(small, ", ${Own}", "", 1)).Stack(map[string]string{"Name": "n"})
	if err != nil {
		t.Fatal(err)
	}
	want := Tree{
		"Name": "n", "Self": "${Box.Arn}", "Long": "${Box.Arn}", "Text": "n of ${AWS::Region} in ${Box.Arn}", "Size": "1",
		"Split": []any{"a", "b"}, "Second": "b", "Joined": "n-x", "Named": "small/n", "List": []any{"1", "3"},
	}
	if got := stack.Properties("Box"); !reflect.DeepEqual(got, want) {
		t.Errorf("the box is %v\nnot %v", got, want)
	}
	for id, there := range map[string]bool{"Box": true, "Lid": false, "Bottom": true, "Handle": false} {
		if _, ok := stack.Resources[id]; ok != there {
			t.Errorf("that %s is there is %t", id, ok)
		}
	}
	if len(stack.Outputs) != 0 || len(stack.Of("Bottom")) != 1 {
		t.Errorf("outputs are %v", stack.Outputs)
	}
}

func TestFaultsOfATemplateAreNamed(t *testing.T) {
	for name, test := range map[string]struct {
		old, new   string
		parameters map[string]string
		want       string
	}{
		"unknown name in text":    {"", "", map[string]string{"Name": "n"}, "Box: Own: this stack has no such resource"},
		"parameter missing":       {"", "", nil, "Name: the parameter is missing"},
		"parameter unknown":       {"", "", map[string]string{"Name": "n", "Names": "n"}, "Names: there is no such parameter"},
		"value not allowed":       {"", "", map[string]string{"Name": "n", "Size": "huge"}, `Size: "huge" is none of [small large]`},
		"pattern not met":         {"{Type: String}", "{Type: String, AllowedPattern: '[a-z]'}", map[string]string{"Name": "nn"}, `Name: "nn" does not match [a-z]`},
		"resource left out":       {"!Ref Name\n", "!Ref Lid\n", map[string]string{"Name": "n"}, "Box: Lid: this stack has no such resource"},
		"condition unknown":       {"Condition: Never", "Condition: Nvere", map[string]string{"Name": "n"}, "Nvere: there is no such condition"},
		"condition that is none":  {"!Equals [!Ref Size, large]", "large", map[string]string{"Name": "n"}, "large: this is no condition"},
		"function not known":      {"!Ref Name\n", "!ImportValue x\n", map[string]string{"Name": "n"}, "Box: Fn::ImportValue: a template of ours must not use this"},
		"element beyond the list": {"!Select [1,", "!Select [2,", map[string]string{"Name": "n"}, "Fn::Select: there is no element 2 of 2"},
	} {
		_, err := parse(t, strings.Replace(small, test.old, test.new, 1)).Stack(test.parameters)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
}

func TestGrantsArePairs(t *testing.T) {
	role := func(statement string) Stack {
		s, err := parse(t, `
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      Policies: [{PolicyDocument: {Statement: [`+statement+`]}}]
`).Stack(nil)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	got, err := role(`{Effect: Allow, Action: [a:One, a:Two], Resource: [r, s]}, {Effect: Allow, Action: b:One, Resource: r}`).Grants("Role")
	want := map[Grant]bool{{"a:One", "r"}: true, {"a:One", "s"}: true, {"a:Two", "r"}: true, {"a:Two", "s"}: true, {"b:One", "r"}: true}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("the grants are %v, %v", got, err)
	}
	for _, statement := range []string{
		"{Effect: Allow, NotAction: a:One, Resource: r}", "{Effect: Allow, Action: a:One, NotResource: r}",
		"{Effect: Deny, Action: a:One, Resource: r}", "{Effect: Allow, Action: a:One, Resource: r, Condition: {Bool: {x: y}}}",
	} {
		if got, err := role(statement).Grants("Role"); err == nil {
			t.Errorf("%s: read as %v", statement, got)
		}
	}
}

func TestLoadRefusesWhatIsNoTemplate(t *testing.T) {
	for _, text := range []string{"", "- a\n- b\n", "a: [\n"} {
		name := filepath.Join(t.TempDir(), "template.yaml")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if tree, err := Load(name); err == nil {
			t.Errorf("%q is read as %v", text, tree)
		}
	}
	if _, err := Load(filepath.Join(t.TempDir(), "absent")); err == nil {
		t.Error("a file that is not there is read")
	}
}
