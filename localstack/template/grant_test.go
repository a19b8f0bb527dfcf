package template_test

import (
	"reflect"
	"testing"

	"github.com/gander-images/gander/localstack/template"
)

func role(t *testing.T, statement string) *template.Stack {
	t.Helper()
	s, err := stack(`
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      Policies: [{PolicyDocument: {Statement: [`+statement+`]}}]
`, template.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestGrantsArePairs(t *testing.T) {
	got, err := role(t, `{Effect: Allow, Action: [a:One, a:Two], Resource: [r, s]}, {Effect: Allow, Action: b:One, Resource: r}`).Grants("Role")
	want := []template.Grant{{"a:One", "r"}, {"a:One", "s"}, {"a:Two", "r"}, {"a:Two", "s"}, {"b:One", "r"}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("the grants are %v, %v", got, err)
	}
	for _, statement := range []string{
		"{Effect: Allow, NotAction: a:One, Resource: r}", "{Effect: Allow, Action: a:One, NotResource: r}",
		"{Effect: Deny, Action: a:One, Resource: r}", "{Effect: Allow, Action: a:One, Resource: r, Condition: {Bool: {x: y}}}",
		"{Effect: Allow, Action: [a:One, {a: b}], Resource: r}", "{Effect: Allow, Action: a:One, Resource: [[r]]}", "statement",
	} {
		if got, err := role(t, statement).Grants("Role"); err == nil {
			t.Errorf("%s: read as %v", statement, got)
		}
	}
	if got, err := role(t, "").Grants("Roll"); err == nil {
		t.Errorf("a role that is not there grants %v", got)
	}
}
