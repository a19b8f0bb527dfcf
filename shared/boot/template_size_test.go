package boot

import (
	"testing"

	"github.com/gander-images/gander/localstack/template"
	"github.com/gander-images/gander/shared/httpapi"
)

// maxResources is the most that a stack of ours may have; CloudFormation takes 500.
const maxResources = 300

// afterSAM counts what SAM makes of a template, whatever its parameters.
//
// Source: AWS SAM documentation, "Generated AWS CloudFormation resources". CI
// lets SAM itself translate the templates, and compares.
func afterSAM(tree template.Tree) int {
	n := 0
	for id := range tree.At("Resources") {
		resource := tree.At("Resources", id)
		n++
		switch resource.Text("Type") {
		case "AWS::Serverless::Api":
			n += 2 // a deployment and a stage
		case "AWS::Serverless::Function":
			if len(resource.At("Properties", "EventInvokeConfig")) > 0 {
				n++
			}
			for name := range resource.At("Properties", "Events") {
				n++ // a mapping or a rule
				if resource.At("Properties", "Events", name).Text("Type") == "Schedule" {
					n++ // the permission to call the function
				}
			}
		}
	}
	return n
}

// TestStacksStayWithinTheirResources also reckons with what is to come: a hundred
// operations, each a function and a permission, in a dozen families with a log
// group each, and twenty-four distinct sets of needs with a role each.
func TestStacksStayWithinTheirResources(t *testing.T) {
	tree := loadTemplate(t, "template.yaml")
	now := afterSAM(tree)
	perOperation, roles, logs := 0, 0, 0
	for id := range tree.At("Resources") {
		switch tree.At("Resources", id).Text("Type") {
		case "AWS::Serverless::Function", "AWS::Lambda::Permission":
			perOperation++
		case "AWS::IAM::Role":
			roles++
		case "AWS::Logs::LogGroup":
			logs++
		}
	}
	if want := 2*len(httpapi.All) + len(Consumers()) + 2; perOperation != want {
		t.Errorf("%d functions and permissions for %d operations, %d consumers and the authorizer, want %d", perOperation, len(httpapi.All), len(Consumers()), want)
	}
	then := now - perOperation + 2*100 + len(Consumers()) + 2 + (24 - roles) + (12 - logs)
	if now > maxResources || then > maxResources {
		t.Errorf("template.yaml has %d resources and would have %d with a hundred operations, at most %d", now, then, maxResources)
	}
	if n := afterSAM(loadTemplate(t, "dataplane.yaml")); n > maxResources {
		t.Errorf("dataplane.yaml has %d resources, at most %d", n, maxResources)
	}
	t.Logf("template.yaml: %d resources, %d with a hundred operations", now, then)
}
