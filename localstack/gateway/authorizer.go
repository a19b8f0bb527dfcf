package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/gander-images/gander/localstack/lambda"
	"github.com/gander-images/gander/localstack/template"
)

// readAuthorizers finds the functions that are asked before others, by the name
// of their scheme. What a real gateway might remember of their answers is not
// known here, so a template that lets it is refused.
func readAuthorizers(document template.Tree, functions []function) (map[string]string, error) {
	schemes := document.At("components", "securitySchemes")
	all := make(map[string]string, len(schemes))
	for _, name := range slices.Sorted(maps.Keys(schemes)) {
		row := schemes.At(name).At("x-amazon-apigateway-authorizer")
		if kind, ttl := row.Text("type"), row.Text("authorizerResultTtlInSeconds"); kind != "request" || ttl != "0" {
			return nil, fmt.Errorf("the scheme %s: an authorizer of type %q, remembered for %q seconds, is not known here", name, kind, ttl)
		}
		asked, err := named(row.Text("authorizerUri"), functions)
		if err != nil {
			return nil, fmt.Errorf("the scheme %s: %w", name, err)
		}
		all[name] = asked
	}
	return all, nil
}

// asked is the function that an operation's security names; empty where it names
// none.
func (a *api) asked(operation any) (string, error) {
	o, _ := operation.(template.Tree)
	for _, requirement := range o.Trees("security") {
		for scheme := range requirement {
			if a.authorizers[scheme] == "" {
				return "", fmt.Errorf("there is no scheme %s", scheme)
			}
			return a.authorizers[scheme], nil
		}
	}
	return "", nil
}

// An authorization is what an authorizer answers.
//
// Source: API Gateway Developer Guide, "Output from an API Gateway Lambda
// authorizer".
type authorization struct {
	PrincipalID    string `json:"principalId"`
	PolicyDocument struct {
		Statement []struct{ Action, Effect, Resource string }
	} `json:"policyDocument"`
	Context map[string]any `json:"context"`
}

// authorized asks the authorizer of the route, where it has one, and answers the
// caller itself unless the authorizer lets the request pass. Only a REST API has
// authorizers of the template's kind.
//
// Source: API Gateway Developer Guide, "Use API Gateway Lambda authorizers": the
// word that means 401; "Gateway response types".
func (e *exchange) authorized() bool {
	f := e.gateway.functions[e.match.authorizer]
	if f == nil || e.gateway.config.Shape != REST {
		return true
	}
	ctx, cancel := context.WithTimeout(e.request.Context(), e.gateway.config.patience(f))
	defer cancel()
	payload, err := json.Marshal(e.authorizerEvent())
	if err != nil {
		panic(err) // strings, and maps of them
	}
	outcome, err := f.Invoke(ctx, payload)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		e.refuse("AUTHORIZER_CONFIGURATION_ERROR")
	case err != nil:
		panic(http.ErrAbortHandler) // the caller went away, or the gateway does
	case outcome.Failed && outcome.Message() == "Unauthorized":
		e.refuse("UNAUTHORIZED")
	case outcome.Failed:
		e.gateway.log.Error("an authorizer failed", "function", f.Name(), "kind", outcome.Kind, "message", outcome.Message())
		e.refuse("AUTHORIZER_CONFIGURATION_ERROR")
	default:
		return e.admitted(outcome)
	}
	return false
}

// admitted reads the authorizer's answer.
func (e *exchange) admitted(o lambda.Outcome) bool {
	var a authorization
	if err := json.Unmarshal(o.Payload, &a); err != nil || a.PrincipalID == "" {
		e.gateway.log.Error("malformed answer of an authorizer", "function", e.match.authorizer)
		e.refuse("AUTHORIZER_CONFIGURATION_ERROR")
		return false
	}
	if !a.allows(e.methodARN()) {
		e.refuse("ACCESS_DENIED")
		return false
	}
	e.gateway.tally.change(e.match.authorizer, func(t *Tally) { t.Events++ })
	e.said = object{"principalId": a.PrincipalID, "integrationLatency": 1}
	for name, value := range a.Context {
		e.said[name] = fmt.Sprint(value) // as text, whatever it was
	}
	return true
}

// allows reports whether a statement allows the call and none denies it.
func (a authorization) allows(arn string) bool {
	allowed := false
	for _, s := range a.PolicyDocument.Statement {
		quoted := strings.NewReplacer(`\*`, `.*`, `\?`, `.`).Replace(regexp.QuoteMeta(s.Resource))
		if s.Action != "execute-api:Invoke" || !regexp.MustCompile("^"+quoted+"$").MatchString(arn) {
			continue
		}
		if s.Effect != "Allow" {
			return false
		}
		allowed = true
	}
	return allowed
}

// authorizerEvent is what an authorizer of the type REQUEST is asked.
//
// Source: API Gateway Developer Guide, "Input to an API Gateway Lambda authorizer".
func (e *exchange) authorizerEvent() any {
	event := e.restEvent(nil)
	delete(event, "body")
	delete(event, "isBase64Encoded")
	event["type"], event["methodArn"] = "REQUEST", e.methodARN()
	return event
}

func (e *exchange) methodARN() string {
	return fmt.Sprintf("arn:aws:execute-api:%s:%s:gander/%s/%s%s", template.Region, template.Account, e.gateway.api.stage, e.request.Method, e.path)
}
