package gateway

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/gander-images/gander/localstack/template"
)

// A refusal is a gateway response: what the gateway itself answers.
type refusal struct {
	status  int // 0: the usual
	headers map[string]string
	bodies  map[string]string // by media type
}

// kinds are the reasons for which this gateway answers by itself.
//
// Source: API Gateway Developer Guide, "Gateway response types for API Gateway".
var kinds = map[string]struct {
	status  int
	message string
	name    string
}{
	"REQUEST_TOO_LARGE":              {http.StatusRequestEntityTooLarge, "Request Entity Too Large", "RequestTooLargeException"},
	"MISSING_AUTHENTICATION_TOKEN":   {http.StatusForbidden, "Missing Authentication Token", "MissingAuthenticationTokenException"},
	"UNAUTHORIZED":                   {http.StatusUnauthorized, "Unauthorized", "UnauthorizedException"},
	"ACCESS_DENIED":                  {http.StatusForbidden, "User is not authorized to access this resource", "AccessDeniedException"},
	"AUTHORIZER_CONFIGURATION_ERROR": {http.StatusInternalServerError, "", "AuthorizerConfigurationException"},
	"DEFAULT_5XX":                    {http.StatusBadGateway, "Internal server error", "InternalServerErrorException"}, // a function that failed
	"API_CONFIGURATION_ERROR":        {http.StatusInternalServerError, "Internal server error", "InternalServerErrorException"},
	"INTEGRATION_TIMEOUT":            {http.StatusGatewayTimeout, "Endpoint request timed out", "InternalServerErrorException"},
}

// contextVariable is what a body may hold of the request.
var contextVariable = regexp.MustCompile(`\$[a-zA-Z0-9]+(\.[a-zA-Z0-9]+)*`)

var contextVariables = []string{
	"$context.requestId", "$context.error.message", "$context.error.messageString", "$context.error.responseType",
	"$context.path", "$context.httpMethod", "$context.stage",
}

func readRefusals(v any) (map[string]refusal, error) {
	rows, _ := v.(template.Tree)
	all := make(map[string]refusal, len(rows))
	for _, kind := range slices.Sorted(maps.Keys(rows)) {
		r, err := readRefusal(rows[kind])
		if err != nil {
			return nil, fmt.Errorf("gateway response %s: %w", kind, err)
		}
		all[kind] = r
	}
	return all, nil
}

func readRefusal(v any) (refusal, error) {
	row, _ := v.(template.Tree)
	r := refusal{headers: map[string]string{}, bodies: map[string]string{}}
	if status, has := row["statusCode"]; has {
		n, err := template.Number(status)
		if err != nil {
			return r, err
		}
		r.status = n
	}
	parameters, _ := row["responseParameters"].(template.Tree)
	for name, value := range parameters {
		header, is := strings.CutPrefix(name, "gatewayresponse.header.")
		text, known := headerTemplate(template.Text(value))
		if !is || !known {
			return r, fmt.Errorf("the parameter %s: %s is not known here", name, text)
		}
		r.headers[header] = text
	}
	bodies, _ := row["responseTemplates"].(template.Tree)
	for media, body := range bodies {
		text := template.Text(body)
		for _, name := range contextVariable.FindAllString(text, -1) {
			if !slices.Contains(contextVariables, name) {
				return r, fmt.Errorf("%s is not known here", name)
			}
		}
		r.bodies[media] = text
	}
	return r, nil
}

// headerTemplate turns the value of a parameter, a word in quotes or a variable
// of the context, into the form of a body.
func headerTemplate(value string) (text string, known bool) {
	if len(value) >= 2 && value[0] == '\'' && value[len(value)-1] == '\'' {
		return value[1 : len(value)-1], true
	}
	return "$" + value, slices.Contains(contextVariables, "$"+value)
}

// refuse answers with a gateway response.
func (e *exchange) refuse(kind string) {
	r, own := e.gateway.api.refusals[kind]
	usual := kinds[kind]
	status := usual.status
	if !own {
		r = e.gateway.api.refusals[map[bool]string{true: "DEFAULT_4XX", false: "DEFAULT_5XX"}[status < 500]]
	}
	if r.status != 0 {
		status = r.status
	}
	media, body := r.body(e.request.Header.Get("Accept"))
	header := e.writer.Header()
	for name, value := range r.headers {
		header.Set(name, e.fill(value, kind, usual.message))
	}
	if header.Get("Content-Type") == "" {
		header.Set("Content-Type", media)
	}
	header.Set("X-Amzn-Errortype", usual.name)
	e.stamp(header)
	e.gateway.count(e.match.function, status)
	e.logged(status, kind)
	e.writer.WriteHeader(status)
	fmt.Fprint(e.writer, e.fill(body, kind, usual.message))
}

// body chooses by the Accept header, as far as that names a template, and else
// JSON before any other. How AWS chooses it does not say.
func (r refusal) body(accept string) (media, text string) {
	for each := range strings.SplitSeq(accept, ",") {
		name, _, _ := strings.Cut(strings.TrimSpace(each), ";")
		if text, has := r.bodies[name]; has {
			return name, text
		}
	}
	const usual = "application/json"
	if text, has := r.bodies[usual]; has || len(r.bodies) == 0 {
		if !has {
			text = `{"message":$context.error.messageString}`
		}
		return usual, text
	}
	media = slices.Sorted(maps.Keys(r.bodies))[0]
	return media, r.bodies[media]
}

func (e *exchange) fill(body, kind, message string) string {
	quoted, err := json.Marshal(message)
	if err != nil {
		quoted = []byte(`""`) // strings always marshal
	}
	values := map[string]string{
		"$context.requestId": e.id, "$context.error.message": message, "$context.error.messageString": string(quoted),
		"$context.error.responseType": kind, "$context.path": e.contextPath(), "$context.httpMethod": e.request.Method,
		"$context.stage": e.gateway.api.stage,
	}
	return contextVariable.ReplaceAllStringFunc(body, func(name string) string { return values[name] })
}
