package boot

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gander-images/gander/localstack/template"
)

// A variant is one way to deploy the template.
type variant struct {
	name       string
	parameters map[string]string
}

const someKey = "ed25519:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// variants are the ways that must work. Each has everything that it needs and
// defaults for the rest.
var variants = []variant{
	{"local", with(nil, "DataPlane", "off", "Cdn", "off", "Architecture", "x86_64")},
	{"whole", with(dataPlane, "DomainName", "images.example.org", "CdnCertificateArn", "arn:aws:acm:us-east-1:1:certificate/cdn",
		"HostedZoneId", "Z1", "AlarmTopic", "arn:aws:sns:eu-west-1:1:alarms", "PolicyLayer", "arn:aws:lambda:eu-west-1:1:layer:policy:1")},
	{"without a CDN", with(dataPlane, "Cdn", "off", "DomainName", "images.example.org", "CertificateArn", "arn:aws:acm:eu-west-1:1:certificate/api", "HostedZoneId", "Z1")},
	{"for compute hosts", with(dataPlane, "EndpointType", "PRIVATE", "VpcEndpointIds", "vpce-1,vpce-2", "ExistingTable", "images", "ExistingBucket", "image-data", "Deployment", "images",
		"PolicyLayer", "arn:aws:lambda:eu-west-1:1:layer:hosts:1")},
	{"by a Keystone", with(dataPlane, "DevelopmentKey", "", "Identity", "keystone", "KeystoneUrl", "https://identity.example.org/v3", "KeystoneUsername", "gander",
		"KeystoneCa", "on", "IdentityLayer", "arn:aws:lambda:eu-west-1:1:layer:identity:1", "PolicyLayer", "arn:aws:lambda:eu-west-1:1:layer:policy:1",
		"PropertyProtections", "roles", "Cdn", "off")},
	{"by an issuer, asked by an authorizer", with(dataPlane, "DevelopmentKey", "", "Identity", "jwt", "JwtIssuer", "https://login.example.org", "JwtJwksUrl", "https://login.example.org/keys",
		"JwtAudience", "images", "JwtMapping", "on", "IdentityLayer", "arn:aws:lambda:eu-west-1:1:layer:identity:1", "Authorizer", "on", "Cdn", "off")},
	{"asked by an authorizer", with(nil, "DataPlane", "off", "Authorizer", "on")},
}

var dataPlane = map[string]string{
	"DataImage": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/gander:1.0", "DataDomainName": "data.example.org",
	"DataCertificateArn": "arn:aws:acm:eu-west-1:1:certificate/data", "VpcId": "vpc-1",
	"LoadBalancerSubnets": "subnet-1,subnet-2", "TaskSubnets": "subnet-3,subnet-4",
}

func with(base map[string]string, pairs ...string) map[string]string {
	parameters := map[string]string{"PublicEndpoint": "https://images.example.org", "DevelopmentKey": someKey}
	maps.Copy(parameters, base)
	for i := 0; i < len(pairs); i += 2 {
		parameters[pairs[i]] = pairs[i+1]
	}
	return parameters
}

// authorizes reports whether an authorizer asks for all functions.
func (v variant) authorizes() bool { return v.parameters["Authorizer"] == "on" }

// layers are what functions find below /opt.
func (v variant) layers() string {
	return strings.TrimSpace(v.parameters["PolicyLayer"] + " " + v.parameters["IdentityLayer"])
}

// owns reports whether the variant has a table and a bucket of its own.
func (v variant) owns() bool { return v.parameters["ExistingTable"] == "" }

// A deployment is a variant, worked out.
type deployment struct {
	inventory
	variant
	main stack
	data *stack // nil without a data plane
}

// checkVariant is what is wrong with one way to deploy.
func (i inventory) checkVariant(v variant) []string {
	d := deployment{inventory: i, variant: v}
	var err error
	var found []string
	if d.main, err = makeStack(i.template, v.parameters); err != nil {
		found = append(found, "template.yaml, "+v.name+": "+err.Error())
	}
	if nested, ok := d.main.Resources["DataPlaneStack"]; ok {
		data, err := makeStack(i.dataplane, handedOver(nested.(template.Tree)))
		if err != nil {
			found = append(found, "dataplane.yaml, "+v.name+": "+err.Error())
		}
		d.data = &data
	}
	for _, check := range []func(deployment) []string{
		deployment.checkFunctions, deployment.checkRoutes, deployment.checkPermissions, deployment.checkAuthorizer, deployment.checkVariables,
		deployment.checkRoles, deployment.checkFacts, deployment.checkMapping, deployment.checkEndpoint, deployment.checkAlarms,
		deployment.checkDataPlane, deployment.checkDistribution,
	} {
		found = append(found, check(d)...)
	}
	return found
}

// handedOver are the parameters that the nested stack gets.
func handedOver(nested template.Tree) map[string]string {
	given := nested.At("Properties", "Parameters")
	parameters := make(map[string]string, len(given))
	for name := range given {
		parameters[name] = given.Text(name)
	}
	return parameters
}

// of are the functions that the variant has: consumers belong to the stack that
// has the table, and the authorizer is there where it is asked for.
func (d deployment) of() []function {
	return slices.DeleteFunc(d.functions(), func(f function) bool {
		return isConsumer(f.name) && !d.owns() || f.name == Authorizer.Name && !d.authorizes()
	})
}

func (d deployment) checkFunctions() []string {
	names := map[string]bool{}
	var found []string
	blocks := d.main.Of("AWS::Serverless::Function")
	for _, f := range d.of() {
		id := camel(f.name) + "Function"
		names[id] = true
		block, ok := blocks[id]
		if !ok {
			continue
		}
		if uri := block.At("Properties").Text("CodeUri"); uri != "build/functions/"+f.name+"/" {
			found = append(found, id+": its CodeUri is "+uri)
		}
		if block.At("Metadata").Text("SkipBuild") != "true" {
			found = append(found, id+": SAM would build it anew")
		}
	}
	if got, want := strings.Join(d.main.Globals.At("Function").Texts("Architectures"), " "), d.architecture(); got != want {
		found = append(found, fmt.Sprintf("Globals: functions are for %s, and the parameter says %s", got, want))
	}
	if got, want := strings.Join(d.main.Globals.At("Function").Texts("Layers"), " "), d.layers(); got != want {
		found = append(found, fmt.Sprintf("Globals: functions have the layers %q, and the parameters say %q", got, want))
	}
	return append(found, compare("the operation table", "template.yaml", names, blocks)...)
}

func (d deployment) architecture() string {
	if a := d.parameters["Architecture"]; a != "" {
		return a
	}
	return "arm64"
}
