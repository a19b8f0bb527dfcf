package boot

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/gander-images/gander/localstack/template"
)

var arnOfFunction = regexp.MustCompile(`\$\{(\w+)\.Arn\}`)

// body is the OpenAPI document that the API is made of.
func (d deployment) body() template.Tree { return d.main.Properties("Api").At("DefinitionBody") }

// routes are "METHOD path" with the logical id that answers.
func (d deployment) routes() map[string]string {
	routes := make(map[string]string)
	paths := d.body().At("paths")
	for p := range paths {
		for method := range paths.At(p) {
			if method == "parameters" {
				continue
			}
			uri := paths.At(p, method, "x-amazon-apigateway-integration").Text("uri")
			id := "nothing"
			if m := arnOfFunction.FindStringSubmatch(uri); m != nil {
				id = m[1]
			}
			if method == "x-amazon-apigateway-any-method" {
				method = "any"
			}
			routes[strings.ToUpper(method)+" "+p] = id
		}
	}
	return routes
}

// wantedRoutes are those of the rows. Every path has the fallback besides, so
// that other methods reach it.
func (i inventory) wantedRoutes() map[string]string {
	wanted := make(map[string]string)
	for _, op := range i.rows {
		for _, p := range op.Paths {
			wanted["ANY "+p] = "FallbackFunction"
			for _, m := range op.Methods {
				if m != "ANY" {
					wanted[m+" "+p] = camel(op.Name) + "Function"
				}
			}
		}
	}
	return wanted
}

func (d deployment) checkRoutes() []string {
	have, want := d.routes(), d.wantedRoutes()
	found := compare("the operation table", "the template's routes", want, have)
	for route, id := range want {
		if got, ok := have[route]; ok && got != id {
			found = append(found, fmt.Sprintf("%s: goes to %s, not to %s", route, got, id))
		}
	}
	return append(found, d.checkIntegrations()...)
}

// checkIntegrations: a function gets the whole request, and the path's variables
// are declared.
func (d deployment) checkIntegrations() []string {
	var found []string
	paths := d.body().At("paths")
	for p := range paths {
		declared := map[string]bool{}
		for _, parameter := range paths.At(p).Trees("parameters") {
			declared["{"+parameter.Text("name")+"}"] = true
		}
		used := set(variable.FindAllString(strings.ReplaceAll(p, "+}", "}"), -1)...)
		found = append(found, compare("the path "+p, "its parameters", used, declared)...)
		for method := range paths.At(p) {
			if method == "parameters" {
				continue
			}
			if i := paths.At(p, method, "x-amazon-apigateway-integration"); i.Text("type") != "aws_proxy" || i.Text("httpMethod") != "POST" {
				found = append(found, fmt.Sprintf("%s %s: a function is called by POST as aws_proxy", method, p))
			}
		}
	}
	return found
}

func (d deployment) checkPermissions() []string {
	var found []string
	names := map[string]bool{}
	permissions := d.main.Of("AWS::Lambda::Permission")
	for _, op := range d.rows {
		id := camel(op.Name) + "Permission"
		names[id] = true
		p, ok := permissions[id]
		if !ok {
			continue
		}
		if to := p.At("Properties").Text("FunctionName"); to != "${"+camel(op.Name)+"Function}" {
			found = append(found, id+": is for "+to)
		}
		_, pattern, _ := strings.Cut(p.At("Properties").Text("SourceArn"), "${Api}/")
		for _, m := range op.Methods {
			for _, route := range op.Paths {
				if asked := "stage/" + m + variable.ReplaceAllString(route, "x"); !covers(pattern, asked) {
					found = append(found, fmt.Sprintf("%s: does not let the gateway call it for %s %s", id, m, route))
				}
			}
		}
	}
	if d.authorizes() {
		names["AuthorizerPermission"] = true
		p := permissions["AuthorizerPermission"].At("Properties")
		if p.Text("FunctionName") != "${AuthorizerFunction}" || !strings.HasSuffix(p.Text("SourceArn"), ":${Api}/authorizers/*") {
			found = append(found, "AuthorizerPermission: it is not for the API's authorizers")
		}
	}
	return append(found, compare("the operation table", "the template's permissions", names, permissions)...)
}

// checkAuthorizer: every call that needs a token is asked about where there is an
// authorizer, and no other call; and the gateway remembers nothing of it.
func (d deployment) checkAuthorizer() []string {
	var found []string
	open := map[string]bool{}
	for _, op := range d.rows {
		open[camel(op.Name)+"Function"] = op.Public
	}
	paths := d.body().At("paths")
	for route, id := range d.routes() {
		method, p, _ := strings.Cut(route, " ")
		if method = strings.ToLower(method); method == "any" {
			method = "x-amazon-apigateway-any-method"
		}
		asked := false
		for _, scheme := range paths.At(p, method).Trees("security") {
			_, asked = scheme["caller"]
		}
		if want := d.authorizes() && !open[id]; asked != want {
			found = append(found, fmt.Sprintf("%s: that the authorizer is asked should be %t", route, want))
		}
	}
	scheme := d.body().At("components", "securitySchemes", "caller")
	asks := scheme.At("x-amazon-apigateway-authorizer")
	switch {
	case !d.authorizes() && len(scheme) > 0:
		found = append(found, "Api: it has an authorizer that nobody asked for")
	case !d.authorizes():
	case asks.Text("type") != "request" || asks.Text("authorizerResultTtlInSeconds") != "0" || asks["identitySource"] != nil ||
		scheme.Text("x-amazon-apigateway-authtype") != "custom" || !strings.Contains(asks.Text("authorizerUri"), "/functions/${AuthorizerFunction.Arn}/invocations"):
		found = append(found, "Api: its authorizer is not the function of that name, asked about each call")
	}
	return found
}

// covers reports whether an ARN's pattern, where * stands for anything, covers text.
func covers(pattern, text string) bool {
	quoted := strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, `.*`)
	return regexp.MustCompile("^" + quoted + "$").MatchString(text)
}

// checkEndpoint: who may come in, what of a body reaches functions unchanged,
// and what the gateway says by itself.
func (d deployment) checkEndpoint() []string {
	private := d.parameters["EndpointType"] == "PRIVATE"
	want := "REGIONAL []"
	if private {
		want = fmt.Sprintf("PRIVATE %v", strings.Split(d.parameters["VpcEndpointIds"], ","))
	}
	endpoint := d.main.Properties("Api").At("EndpointConfiguration")
	var found []string
	if got := endpoint.Text("Type") + " " + fmt.Sprint(endpoint.Texts("VPCEndpointIds")); got != want {
		found = append(found, fmt.Sprintf("Api: its endpoint is %s, not %s", got, want))
	}
	found = append(found, d.checkAdmission(private)...)
	binary := set(d.body().Texts("x-amazon-apigateway-binary-media-types")...)
	wanted := set("*/*", "application/octet-stream", "application/openstack-images-v2.0-json-patch", "application/openstack-images-v2.1-json-patch")
	found = append(found, compare("what clients send byte by byte", "the API's binary media types", wanted, binary)...)
	return append(found, d.checkGatewayAnswers()...)
}

// checkAdmission: a private API has a policy that lets in its endpoints alone.
func (d deployment) checkAdmission(private bool) []string {
	policy, has := d.body()["x-amazon-apigateway-policy"].(template.Tree)
	if has != private {
		return []string{fmt.Sprintf("Api: private is %t, and that it has a policy is %t", private, has)}
	}
	var found []string
	for _, s := range policy.Trees("Statement") {
		let := s.At("Condition", "StringEquals").Texts("aws:SourceVpce")
		if s.Text("Effect") != "Allow" || strings.Join(let, ",") != d.parameters["VpcEndpointIds"] {
			found = append(found, fmt.Sprintf("Api: its policy says %s for %v, not for %s alone", s.Text("Effect"), let, d.parameters["VpcEndpointIds"]))
		}
	}
	return found
}

func (d deployment) checkGatewayAnswers() []string {
	var found []string
	answers := d.body().At("x-amazon-apigateway-gateway-responses")
	for name, want := range map[string]struct{ status, says string }{
		"REQUEST_TOO_LARGE":            {"413", d.wayForLargeBodies()},
		"MISSING_AUTHENTICATION_TOKEN": {"501", "501 Not Implemented"},
		"UNAUTHORIZED":                 {"401", "401 Unauthorized"},
		"ACCESS_DENIED":                {"403", "403 Forbidden"},
		"AUTHORIZER_FAILURE":           {"503", "try again later"},
		// What the gateway calls an authorizer that fails.
		"AUTHORIZER_CONFIGURATION_ERROR": {"503", "try again later"},
		"THROTTLED":                      {"429", "Try again"},
		"INTEGRATION_TIMEOUT":            {"504", "$context.requestId"},
		"DEFAULT_5XX":                    {"", "$context.requestId"},
	} {
		answer := answers.At(name)
		text := answer.At("responseTemplates").Text("text/html")
		if len(answer.At("responseTemplates")) != 1 { // glanceclient asks for any form, and cannot read another
			found = append(found, fmt.Sprintf("Api: %s has other forms than HTML", name))
		}
		if answer.Text("statusCode") != want.status || !strings.Contains(text, want.says) || !strings.HasPrefix(text, "<html>") {
			found = append(found, fmt.Sprintf("Api: %s is not answered by %s and a page with %q", name, want.status, want.says))
		}
		if answer.At("responseParameters").Text("gatewayresponse.header.Cache-Control") != "'no-store'" {
			found = append(found, fmt.Sprintf("Api: %s may be cached", name))
		}
	}
	return found
}

// wayForLargeBodies is what the refusal of a large body has to name.
func (d deployment) wayForLargeBodies() string {
	if d.data == nil {
		return "no data plane"
	}
	return "https://" + d.parameters["DataDomainName"] + "/v2/images/{image_id}/file"
}
