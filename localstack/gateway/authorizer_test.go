package gateway_test

import (
	"encoding/json"
	"strings"
	"testing"
)

// allowing is what an authorizer says, with one statement about all methods.
func allowing(effect, resource string) string {
	text, _ := json.Marshal(m{
		"principalId":    "somebody",
		"policyDocument": m{"Version": "2012-10-17", "Statement": []m{{"Action": "execute-api:Invoke", "Effect": effect, "Resource": resource}}},
		"context":        m{"caller": `{"a":1}`, "number": 5},
	})
	return "answer " + string(text)
}

const (
	everyMethod = "arn:aws:execute-api:us-east-1:123456789012:gander/gander/*"
	thisMethod  = "arn:aws:execute-api:us-east-1:123456789012:gander/gander/PUT/asked/one"
)

// TestAuthorizers: what the authorizer lets pass comes to the function with what
// it said, and nothing else comes there.
func TestAuthorizers(t *testing.T) {
	w := start(t, nil)
	for _, resource := range []string{everyMethod, thisMethod} {
		wants(t, resource, w.event("PUT", "/asked/one?q=1", "text", "X-Ask", allowing("Allow", resource)), map[string]string{
			"requestContext.authorizer.principalId": "somebody", "requestContext.authorizer.caller": `{"a":1}`, "requestContext.authorizer.number": "5",
			"body": "text", "pathParameters": `{"name":"one"}`,
		})
	}
	for _, test := range []struct {
		asks   string
		status int
		says   string
	}{
		{"fail", 503, "<h1>503</h1>"},
		{"answer {}", 503, "<h1>503</h1>"},
		{"answer null", 503, "<h1>503</h1>"},
		{allowing("Deny", everyMethod), 403, "not authorized"},
		{allowing("Allow", strings.ReplaceAll(thisMethod, "PUT", "GET")), 403, "not authorized"},
		{"unauthorized", 401, "<h1>401</h1>"},
	} {
		got := w.call("PUT", w.URL()+"/asked/one", "text", "X-Ask", test.asks, "X-Do", "answer {\"statusCode\":200}")
		if got.StatusCode != test.status || !strings.Contains(got.text, test.says) {
			t.Errorf("%.60s: %s: %s", test.asks, got.Status, got.text)
		}
	}
	if got := w.call("PUT", w.URL()+"/asked/one", "", "X-Ask", "unauthorized"); got.Header.Get("X-Word") != "who?" {
		t.Errorf("%v", got.Header)
	}
	tally := w.Tally()
	if asked, answered := tally["authorizer"], tally["image-show"]; asked.Events != 2 || answered.Answers[200] != 2 || answered.Answers[401] != 2 {
		t.Errorf("%+v", tally)
	}
	wants(t, "not asked", w.event("GET", "/v2/images/1", "", "X-Ask", "unauthorized"), map[string]string{"requestContext.authorizer": "null"})
}

// TestAuthorizersEvent is as AWS documents that of the type REQUEST.
func TestAuthorizersEvent(t *testing.T) {
	w := start(t, nil)
	got := w.call("PUT", w.URL()+"/asked/one?q=1", "text", "X-Auth-Token", "t", "X-Ask", "tell")
	if got.StatusCode != 503 { // the event itself is no answer of an authorizer
		t.Fatalf("%s: %s", got.Status, got.text)
	}
	_, line, _ := strings.Cut(w.log.String(), "TOLD ")
	line, _, _ = strings.Cut(line, "\n")
	var event m
	if err := json.Unmarshal([]byte(line), &event); err != nil {
		t.Fatalf("%v in %s", err, w.log)
	}
	wants(t, "event", event, map[string]string{
		"type": "REQUEST", "methodArn": thisMethod, "path": "/asked/one", "httpMethod": "PUT", "headers.X-Auth-Token": "t",
		"queryStringParameters": `{"q":"1"}`, "pathParameters": `{"name":"one"}`, "resource": "/asked/{name}", "requestContext.stage": "gander",
	})
	for _, name := range []string{"body", "isBase64Encoded"} { // not even as null
		if value, has := event[name]; has {
			t.Errorf("%s is %v", name, value)
		}
	}
}
