package gateway_test

import (
	"strings"
	"testing"

	"github.com/gander-images/gander/localstack/gateway"
)

// TestRESTEvents holds payload 1.0 to what AWS documents.
func TestRESTEvents(t *testing.T) {
	w := start(t, nil)
	event := w.event("GET", "/v2/images/a%2Fb%20c?tag=x%2Cy&tag=z+1&name=in:a&empty=&broken=%zz", "",
		"X-Many", "1", "X-Many", "2", "X-Auth-Token", "t", "Connection", "close", "Te", "trailers", "X-Forwarded-For", "192.0.2.1")
	host := strings.TrimPrefix(w.URL(), "http://")
	wants(t, "request", event, map[string]string{
		"resource": "/v2/images/{image_id}", "path": "/v2/images/a%2Fb%20c", "httpMethod": "GET", "pathParameters": `{"image_id":"a%2Fb%20c"}`,
		"queryStringParameters":           `{"broken":"%zz","empty":"","name":"in:a","tag":"z 1"}`,
		"multiValueQueryStringParameters": `{"broken":["%zz"],"empty":[""],"name":["in:a"],"tag":["x,y","z 1"]}`,
		"headers.X-Many":                  "2", "multiValueHeaders.X-Many": `["1","2"]`, "headers.X-Auth-Token": "t", "headers.Host": host,
		"headers.Connection": "null", "headers.Te": "null", "headers.X-Forwarded-For": "192.0.2.1, 127.0.0.1", "headers.X-Forwarded-Proto": "http",
		"body": "null", "isBase64Encoded": "false", "stageVariables": "null",
		"requestContext.stage": "gander", "requestContext.path": "/v2/images/a%2Fb%20c", "requestContext.identity.sourceIp": "127.0.0.1",
		"requestContext.httpMethod": "GET", "requestContext.resourcePath": "/v2/images/{image_id}", "requestContext.domainName": host,
	})
	if at(event, "requestContext.requestId") == "null" || at(event, "headers.X-Amzn-Trace-Id") == "null" {
		t.Errorf("%v", event)
	}
	bare := w.event("GET", "/v2/images", "")
	wants(t, "bare request", bare, map[string]string{"queryStringParameters": "null", "multiValueQueryStringParameters": "null", "pathParameters": "null"})
}

func TestRESTBodies(t *testing.T) {
	w := start(t, nil)
	for _, test := range []struct{ kind, body, want, encoded string }{
		{"application/octet-stream", "\x00\xff", encoded("\x00\xff"), "true"},
		{"application/octet-stream; charset=binary", "text", encoded("text"), "true"},
		{"application/json", `{"a":"ä<"}`, `{"a":"ä<"}`, "false"},
		{"application/openstack-images-v2.1-json-patch", "[]", "[]", "false"},
		{"", "text", "text", "false"},
		{"image/png", "\xffA", "\uFFFDA", "false"},
	} {
		event := w.event("PUT", "/v2/images/1/file", test.body, "Content-Type", test.kind)
		wants(t, test.kind, event, map[string]string{"body": test.want, "isBase64Encoded": test.encoded, "headers.Content-Length": "null"})
	}
}

// TestStage: the API's own URL has the stage in it, which the event's path has
// not, and nothing else leads anywhere there. What becomes of slashes and of
// escapes was recorded of AWS by LocalStack's tests.
func TestStage(t *testing.T) {
	w := start(t, nil)
	event := parse(t, w.call("GET", w.StageURL()+"/v2/images/1", ""))
	wants(t, "stage", event, map[string]string{
		"path": "/v2/images/1", "requestContext.path": "/gander/v2/images/1", "pathParameters": `{"image_id":"1"}`,
	})
	wants(t, "root", parse(t, w.call("GET", w.StageURL(), "")), map[string]string{"path": "/", "resource": "/"})
	base := strings.TrimSuffix(w.StageURL(), "/gander")
	for sent, want := range map[string][3]string{
		"/gander/v2/images/": {"/v2/images/", "/gander/v2/images/", "null"}, "/gander//v2/images": {"/v2/images", "/gander//v2/images", "null"},
		"//gander/v2/images": {"/v2/images", "/gander/v2/images", "null"}, "/gander/v2//x/": {"/v2//x/", "/gander/v2//x/", `{"proxy":"v2//x"}`},
		"/gander/v2/a%2Bb@c/d+e": {"/v2/a%2Bb@c/d+e", "/gander/v2/a%2Bb@c/d+e", `{"proxy":"v2/a%2Bb@c/d+e"}`},
	} {
		wants(t, sent, parse(t, w.call("GET", base+sent, "")), map[string]string{"path": want[0], "requestContext.path": want[1], "pathParameters": want[2]})
	}
	for _, path := range []string{"/v2/images", "/gander2/v2/images", "/"} {
		if a := w.call("GET", base+path, ""); a.StatusCode != 403 || a.text != "{\"message\":\"Forbidden\"}\n" {
			t.Errorf("%s: %d %s", path, a.StatusCode, a.text)
		}
	}
	// The hostname knows no stage: this is a path of the API.
	wants(t, "hostname", w.event("GET", "/gander/v2/images", ""), map[string]string{"resource": "/{proxy+}", "path": "/gander/v2/images"})
}

func TestHTTPEvents(t *testing.T) {
	w := start(t, func(c *gateway.Config) { c.Shape = gateway.HTTP })
	event := w.event("GET", "/v2/images/a%20b%3Fc?tag=x%2Cy&tag=z", "", "X-Many", "1", "X-Many", "2", "Cookie", "a=1; b=2")
	wants(t, "request", event, map[string]string{
		"version": "2.0", "rawPath": "/v2/images/a b", "rawQueryString": "tag=x%2Cy&tag=z", "headers.x-many": "1,2", "cookies": `["a=1","b=2"]`,
		"queryStringParameters": `{"tag":"x,y,z"}`, "pathParameters": `{"image_id":"a b"}`, "requestContext.http.method": "GET",
		"requestContext.http.path": "/v2/images/a b", "requestContext.http.sourceIp": "127.0.0.1", "requestContext.stage": "$default",
		"headers.cookie": "null", "isBase64Encoded": "false", "body": "null",
	})
	staged := parse(t, w.call("GET", w.StageURL()+"/v2/images", ""))
	wants(t, "stage", staged, map[string]string{"rawPath": "/gander/v2/images", "requestContext.stage": "gander"})
	for kind, want := range map[string]string{"application/json": "[]", "text/x": "[]", "application/openstack-images-v2.1-json-patch": encoded("[]")} {
		wants(t, kind, w.event("PUT", "/v2/images/1/file", "[]", "Content-Type", kind), map[string]string{"body": want})
	}
}

func TestLoadBalancerEvents(t *testing.T) {
	w := start(t, func(c *gateway.Config) { c.Shape = gateway.ALB })
	wants(t, "single", w.event("GET", "/v2/images/a%20b?tag=x%2Cy&tag=z", "", "X-Many", "1", "X-Many", "2"), map[string]string{
		"path": "/v2/images/a%20b", "queryStringParameters": `{"tag":"z"}`, "headers.x-many": "2", "multiValueHeaders": "null", "httpMethod": "GET",
		"body": "", "isBase64Encoded": "false",
	})
	if !strings.Contains(at(w.event("GET", "/", ""), "requestContext.elb"), "targetgroup") {
		t.Error("no target group")
	}
	w = start(t, func(c *gateway.Config) { c.Shape = gateway.ALBMulti })
	a := w.call("PUT", w.URL()+"/v2/images/1/file?tag=x%2Cy&tag=z", "\xff", "X-Many", "1", "X-Many", "2")
	if a.Header.Get("Content-Type") == "application/json" {
		t.Error("single headers were taken where several are switched on")
	}
	wants(t, "multi", parse(t, a), map[string]string{
		"multiValueQueryStringParameters": `{"tag":["x%2Cy","z"]}`, "multiValueHeaders.x-many": `["1","2"]`, "headers": "null",
		"body": encoded("\xff"), "isBase64Encoded": "true",
	})
}
