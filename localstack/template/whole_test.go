package template_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/gander-images/gander/localstack/template"
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

func symbolic(text string, parameters map[string]string) (template.Tree, error) {
	s, err := stack(text, template.Options{Parameters: parameters, Symbolic: true})
	if s == nil {
		return nil, err
	}
	whole, faults := s.Whole()
	return whole, errors.Join(err, faults)
}

func TestWholeIsWorkedOut(t *testing.T) {
	whole, err := symbolic(strings.Replace(small, ", ${Own}", "", 1), map[string]string{"Name": "n"})
	if err != nil {
		t.Fatal(err)
	}
	want := template.Tree{
		"Name": "n", "Self": "${Box.Arn}", "Long": "${Box.Arn}", "Text": "n of ${AWS::Region} in ${Box.Arn}", "Size": "1",
		"Split": []any{"a", "b"}, "Second": "b", "Joined": "n-x", "Named": "small/n", "List": []any{"1", "3"},
	}
	if got := whole.At("Resources", "Box", "Properties"); !reflect.DeepEqual(got, want) {
		t.Errorf("the box is %v\nnot %v", got, want)
	}
	for id, there := range map[string]bool{"Box": true, "Lid": false, "Bottom": true, "Handle": false} {
		if _, ok := whole.At("Resources")[id]; ok != there {
			t.Errorf("that %s is there is %t", id, ok)
		}
	}
	if outputs := whole.At("Outputs"); outputs == nil || len(outputs) != 0 {
		t.Errorf("outputs are %v", outputs)
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
		"condition of itself":     {"!Not [!Condition IsLarge]", "!Not [!Condition IsSmall]", map[string]string{"Name": "n"}, "condition IsSmall needs itself"},
		"literal like a name":     {"${Own}", "${!Box}", map[string]string{"Name": "n"}, "Box: !Box: this stack has no such resource"},
		"element beyond the list": {"!Select [1,", "!Select [2,", map[string]string{"Name": "n"}, "Fn::Select: there is no element 2 of 2"},
	} {
		_, err := symbolic(strings.Replace(small, test.old, test.new, 1), test.parameters)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
}
