package boot

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gander-images/gander/localstack/template"
)

// mustGive are the parameters for which there is no safe default.
var mustGive = set("PublicEndpoint")

// agreedParameters are those that other parts of the repository set by name.
var agreedParameters = []string{
	"PublicEndpoint", "Identity", "DevelopmentKey", "Architecture", "DataPlane", "Cdn", "EndpointType", "VpcEndpointIds", "PolicyLayer",
	"ExistingTable", "ExistingBucket", "DomainName", "CertificateArn", "HostedZoneId", "Retention", "LogLevel", "LogRetentionDays",
	"RateLimit", "BurstLimit", "AlarmTopic", "Authorizer", "Deployment", "KeyDelay", "KeyWindowDays", "NonInheritableProperties", "KeystoneUrl", "JwtIssuer", "JwtAudience", "IdentityLayer", "PolicyFaults",
}

// checkParameters: each has a description, a default unless there is no safe
// one, and a row in docs/deploying.md; and outputs say what to do next.
func (i inventory) checkParameters() []string {
	declared := i.template.At("Parameters")
	var found []string
	for _, name := range agreedParameters {
		if _, ok := declared[name]; !ok {
			found = append(found, name+": the template lacks this parameter")
		}
	}
	for name := range declared {
		row := declared.At(name)
		_, has := row["Default"]
		if has == mustGive[name] {
			found = append(found, fmt.Sprintf("%s: that it has a default should be %t", name, !has))
		}
		if row.Text("Description") == "" {
			found = append(found, name+": the parameter has no description")
		}
		if want := documented(name, row); !strings.Contains(i.deploying, want) {
			found = append(found, fmt.Sprintf("%s: docs/deploying.md has no row that begins %q", name, want))
		}
	}
	for _, name := range []string{"ApiUrl", "TableName", "BucketName", "ReaperFailuresUrl", "WithoutDataPlane", "Next"} {
		if i.template.At("Outputs", name).Text("Description") == "" {
			found = append(found, name+": the output is missing, or says nothing")
		}
	}
	return found
}

// documented is how the row of a parameter begins.
func documented(name string, row template.Tree) string {
	if mustGive[name] {
		return "| `" + name + "` | must be given |"
	}
	if row.Text("Default") == "" {
		return "| `" + name + "` | |"
	}
	return "| `" + name + "` | `" + row.Text("Default") + "` |"
}

// incomplete are parameters that are missed, each beside others that ask for it.
var incomplete = []struct {
	missed string
	given  []string
}{
	{"DevelopmentKey", []string{"DevelopmentKey", ""}},
	{"KeystoneUrl", []string{"Identity", "keystone"}},
	{"JwtIssuer", []string{"Identity", "jwt", "JwtAudience", "images"}},
	{"JwtAudience", []string{"Identity", "jwt", "JwtIssuer", "https://login.example.org"}},
	{"PolicyLayer", []string{"PropertyProtections", "roles"}},
	{"IdentityLayer", []string{"KeystoneUsername", "gander"}},
	{"IdentityLayer", []string{"KeystoneCa", "on"}},
	{"IdentityLayer", []string{"JwtMapping", "on"}},
	{"Deployment", []string{"ExistingTable", "images", "ExistingBucket", "image-data"}},
}

// TestBadParametersStopTheDeployment: what cannot work is refused before
// anything is made.
func TestBadParametersStopTheDeployment(t *testing.T) {
	main, data := loadTemplate(t, "template.yaml"), loadTemplate(t, "dataplane.yaml")
	for name, test := range map[string]struct{ parameter, value string }{
		"endpoint with a query": {"PublicEndpoint", "https://images.example.org/?a=b"},
		"endpoint with a user":  {"PublicEndpoint", "https://user@images.example.org"},
		"private key":           {"DevelopmentKey", "-----BEGIN PRIVATE KEY-----"},
		"unknown identity":      {"Identity", "ldap"},
		"retention in words":    {"Retention", "one day"},
		"processor":             {"Architecture", "riscv64"},
		"secrets elsewhere":     {"Deployment", "images/*"},
		"too short a window":    {"KeyWindowDays", "6"},
		"delay in words":        {"KeyDelay", "one day"},
		"certificate elsewhere": {"CdnCertificateArn", "arn:aws:acm:eu-west-1:1:certificate/cdn"},
		"misspelt":              {"DataPlain", "off"},
	} {
		if _, err := makeStack(main, with(nil, test.parameter, test.value)); err == nil || !strings.Contains(err.Error(), test.parameter) {
			t.Errorf("%s: nothing says that %s is wrong: %v", name, test.parameter, err)
		}
	}
	for _, test := range incomplete {
		_, err := makeStack(main, with(nil, test.given...))
		if told := fmt.Sprint(err); !strings.Contains(told, test.missed+" must be given") || strings.Count(told, "must be given") != 1 {
			t.Errorf("%q: nothing says that %s is missing, and it alone: %v", test.given, test.missed, err)
		}
	}
	whole, err := makeStack(main, with(dataPlane))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"Image": "", "DataDomainName": "", "DataCertificateArn": "",
	} {
		parameters := handedOver(whole.Resources.At("DataPlaneStack"))
		parameters[name] = value
		if _, err := makeStack(data, parameters); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("dataplane.yaml: nothing says that %s is missing: %v", name, err)
		}
	}
}
