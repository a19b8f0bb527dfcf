package template_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/gander-images/gander/localstack/template"
)

const text = `
Parameters:
  Stage: {Type: String, Default: prod, AllowedValues: [prod, test]}
  Rate: {Type: Number, Default: 5, MinValue: 1, MaxValue: 10}
  Endpoint: {Type: String, AllowedPattern: "https?://.+"}
  Subnets: {Type: CommaDelimitedList, Default: "a, b"}
Conditions:
  Prod: !Equals [!Ref Stage, prod]
  Other: !Not [!Condition Prod]
  Both: !And [!Condition Prod, !Equals ["1", 1]]
  Either: !Or [!Condition Other, !Condition Prod]
  Round: !Not [!Condition Round]
Globals:
  Function: {Timeout: 29}
Resources:
  Table: {Type: T, Properties: {Since: 2012-10-17}}
  F:
    Type: AWS::Serverless::Function
    Properties:
      Plain: text
      Ref: !Ref Stage
      Named: !Ref Table
      Logical: !Ref F
      Arn: !GetAtt F.Arn
      Long: {"Fn::GetAtt": [Table, StreamArn]}
      Sub: !Sub "arn:${AWS::Partition}:${AWS::Region}:${F.Arn}/${Table}/${!kept}"
      Own: !Sub ["${a}-${Stage}", {a: !Ref Rate}]
      Join: !Join ["-", [a, !Ref Stage]]
      Chosen: !If [Prod, yes-it-is, !Ref Nothing]
      Dropped: {a: !If [Other, 1, !Ref "AWS::NoValue"], b: 2}
      DroppedFromList: [!If [Other, 1, !Ref "AWS::NoValue"], 2]
      NotThere: !If [Other, 1, !Ref "AWS::NoValue"]
      Picked: !Select [1, !Ref Subnets]
      Split: !Split ["/", "a/b"]
      Inside: !If [Prod, {Deep: {Value: 7}}, {}]
      Unknown: !Cidr [a, b]
      Foreign: !GetAtt Table.Arn
      Missing: !Ref Nobody
      Circle: !If [Round, 1, 2]
      LeftOut: !Ref Sometimes
      Unread: [!Ref Nobody]
  Sometimes: {Type: T, Condition: Other}
  Always: {Type: T, Condition: Both}
`

func stack(text string, o template.Options) (*template.Stack, error) {
	t, err := template.Parse([]byte(text))
	if err != nil {
		return nil, err
	}
	return t.Stack(o)
}

func parse(t *testing.T, parameters map[string]string) *template.Stack {
	t.Helper()
	s, err := stack(text, template.Options{
		Parameters: parameters, Names: map[string]string{"Table": "images", "Table.StreamArn": "arn:stream"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestProperties(t *testing.T) {
	s := parse(t, map[string]string{"Endpoint": "http://x"})
	const arn = "arn:aws:lambda:us-east-1:123456789012:function:F"
	for name, want := range map[string]any{
		"Plain": "text", "Ref": "prod", "Named": "images", "Logical": "F", "Arn": arn, "Long": "arn:stream",
		"Sub": "arn:aws:us-east-1:" + arn + "/images/${kept}", "Own": "5-prod", "Join": "a-prod", "Chosen": "yes-it-is",
		"Dropped": template.Tree{"b": "2"}, "DroppedFromList": []any{"2"}, "NotThere": nil, "Picked": "b",
		"Split": []any{"a", "b"}, "Inside.Deep.Value": "7", "Absent.Deeper": nil,
	} {
		got, err := s.Property("F", strings.Split(name, ".")...)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %#v, %v", name, got, err)
		}
	}
	if v, err := s.Property("Table", "Since"); v != "2012-10-17" || err != nil {
		t.Errorf("a date: %v, %v", v, err)
	}
	if v, err := s.Global("Timeout"); v != "29" || err != nil {
		t.Errorf("global: %v, %v", v, err)
	}
}

// TestUnknownThingsAreNamed: a value that cannot be known is an error for whoever
// asks for it, and for nobody else.
func TestUnknownThingsAreNamed(t *testing.T) {
	s := parse(t, map[string]string{"Endpoint": "http://x"})
	for name, want := range map[string]string{
		"Unknown": "Fn::Cidr", "Foreign": "Arn of Table", "Missing": "Nobody", "Circle": "Round needs itself", "LeftOut": "Sometimes: this stack has no such resource", "Unread": "Nobody",
	} {
		if _, err := s.Property("F", name); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "F: "+name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := s.Property("G", "X"); err == nil {
		t.Error("a resource that is not there")
	}
}

func TestConditionsDecideWhatExists(t *testing.T) {
	for stage, want := range map[string][]string{"prod": {"Always", "Table"}, "test": {"Sometimes", "Table"}} {
		got, err := parse(t, map[string]string{"Endpoint": "http://x", "Stage": stage}).Resources("T")
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, %v", stage, got, err)
		}
	}
}

func TestParametersAreChecked(t *testing.T) {
	_, err := stack(text, template.Options{Parameters: map[string]string{"Stage": "dev", "Rate": "11", "Wrong": "x"}})
	for _, want := range []string{"Wrong: there is no such parameter", "Stage: \"dev\" is none of [prod test]", "Rate: 11 is more", "Endpoint: the parameter is missing"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %v", want, err)
		}
	}
	usual, err := stack(text, template.Options{Defaults: map[string]string{"Endpoint": "http://x", "Stage": "test", "Other": "y"}})
	if err != nil {
		t.Fatal(err)
	}
	if v, err := usual.Property("F", "Ref"); v != "prod" || err != nil {
		t.Errorf("a default of the template's own: %v, %v", v, err)
	}
	partial, err := stack(text, template.Options{Partial: true})
	if err != nil {
		t.Fatal(err)
	}
	if v, err := partial.Property("F", "Ref"); v != "prod" || err != nil {
		t.Errorf("without the endpoint: %v, %v", v, err)
	}
	if _, err := stack(text, template.Options{Parameters: map[string]string{"Endpoint": "ftp://x"}}); err == nil {
		t.Error("a value that does not match its pattern was taken")
	}
}
