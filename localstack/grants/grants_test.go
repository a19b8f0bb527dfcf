package grants_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/gander-images/gander/localstack/grants"
	"github.com/gander-images/gander/localstack/proxy"
	"github.com/gander-images/gander/localstack/template"
)

const text = `
Resources:
  ReadRole:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - PolicyDocument:
            Statement:
              - {Effect: Allow, Action: [logs:PutLogEvents], Resource: !GetAtt Logs.Arn}
              - {Effect: Allow, Action: [dynamodb:GetItem, dynamodb:Query], Resource: !GetAtt Table.Arn}
        - PolicyDocument:
            Statement: {Effect: Allow, Action: s3:GetObject, Resource: !Sub "${Bucket.Arn}/images/*"}
  OpenRole:
    Type: AWS::IAM::Role
    Properties: {Policies: []}
  Logs: {Type: AWS::Logs::LogGroup}
  Table: {Type: AWS::DynamoDB::Table}
  Bucket: {Type: AWS::S3::Bucket}
  ShowFunction: {Type: AWS::Serverless::Function, Properties: {CodeUri: build/functions/image-show/, Role: !GetAtt ReadRole.Arn}}
  ListFunction: {Type: AWS::Serverless::Function, Properties: {CodeUri: build/functions/image-list/, Role: !GetAtt ReadRole.Arn}}
  PingFunction: {Type: AWS::Serverless::Function, Properties: {CodeUri: build/functions/ping/, Role: !GetAtt OpenRole.Arn}}
`

var options = template.Options{Names: map[string]string{"Table.Arn": "arn:table", "Bucket.Arn": "arn:aws:s3:::bucket"}}

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "template.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestRead holds that every action on every resource is read, of the services
// that count, and that a function without grants may do nothing.
func TestRead(t *testing.T) {
	r, err := grants.Read(write(t, text), options)
	if err != nil {
		t.Fatal(err)
	}
	want := []proxy.Permission{
		{Action: "dynamodb:GetItem", Resource: "arn:table"},
		{Action: "dynamodb:Query", Resource: "arn:table"},
		{Action: "s3:GetObject", Resource: "arn:aws:s3:::bucket/images/*"},
	}
	if got := r.Permissions("image-list"); !slices.Equal(got, want) {
		t.Errorf("image-list may %v", got)
	}
	if got := r.Permissions("ping"); got == nil || len(got) != 0 {
		t.Errorf("ping may %v", got)
	}
}

func TestReadRole(t *testing.T) {
	r := grants.Roles{Of: map[string]string{}, Grants: map[string][]proxy.Permission{}}
	if err := r.ReadRole(write(t, text), "ReadRole", "container", options); err != nil {
		t.Fatal(err)
	}
	if got := r.Permissions("container"); len(got) != 3 {
		t.Errorf("it may %v", got)
	}
}

// TestOtherStatementsAreRefused: what is no plain permission is not passed over.
func TestOtherStatementsAreRefused(t *testing.T) {
	for _, properties := range []string{
		`{Policies: [{PolicyDocument: {Statement: [{Effect: Deny, Action: "s3:*", Resource: "*"}]}}]}`,
		`{Policies: [{PolicyDocument: {Statement: [{Effect: Allow, NotAction: "s3:*", Resource: "*"}]}}]}`,
		`{ManagedPolicyArns: ["arn:aws:iam::aws:policy/AdministratorAccess"]}`,
	} {
		path := write(t, `{Resources: {R: {Type: "AWS::IAM::Role", Properties: `+properties+`}}}`)
		r := grants.Roles{Of: map[string]string{}, Grants: map[string][]proxy.Permission{}}
		if err := r.ReadRole(path, "R", "x", options); err == nil {
			t.Errorf("%s is read as %v", properties, r.Grants)
		}
	}
}

// TestDifferences holds that each side's surplus is named, by role: what one
// function of a role does counts for all.
func TestDifferences(t *testing.T) {
	r, err := grants.Read(write(t, text), options)
	if err != nil {
		t.Fatal(err)
	}
	uses := []proxy.Use{
		{Function: "image-show", Action: "dynamodb:GetItem", Resource: "arn:table"},
		{Function: "image-list", Action: "dynamodb:Query", Resource: "arn:table"},
		{Function: "image-show", Action: "s3:GetObject", Resource: "arn:aws:s3:::bucket/images/1/2"},
	}
	if got := r.Differences(uses); len(got) != 0 {
		t.Errorf("equal sides differ by %v", got)
	}
	got := r.Differences(append(uses[1:], proxy.Use{Function: "ping", Action: "s3:GetObject", Resource: "arn:aws:s3:::bucket/images/1/2"}))
	want := []string{
		"ReadRole grants dynamodb:GetItem on arn:table, which nobody does",
		"ping does s3:GetObject on arn:aws:s3:::bucket/images/1/2, which OpenRole does not grant",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if got := r.Differences(uses[1:], "dynamodb:GetItem"); len(got) != 0 {
		t.Errorf("what the platform does is missed: %q", got)
	}
}
