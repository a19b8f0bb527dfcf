package gateway

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/gander-images/gander/localstack/template"
)

// httpEvent is payload 2.0.
//
// Source: API Gateway Developer Guide, "Create AWS Lambda proxy integrations for
// HTTP APIs in API Gateway", payload format version.
func (e *exchange) httpEvent(body []byte) any {
	headers, cookies := e.joinedHeaders(body)
	path := decodePath(e.path)
	stage := "$default"
	if e.stage != "" {
		stage, path = e.stage, "/"+e.stage+path
	}
	_, multi := values(e.query, decodeQuery)
	query := make(map[string]string, len(multi))
	for name, each := range multi {
		query[name] = strings.Join(each, ",")
	}
	event := object{
		"version": "2.0", "routeKey": "ANY " + e.match.resource, "rawPath": path, "rawQueryString": e.query, "headers": headers,
		"requestContext": object{
			"accountId": template.Account, "apiId": "gander", "domainName": e.request.Host, "domainPrefix": strings.Split(e.request.Host, ".")[0],
			"http": object{
				"method": e.request.Method, "path": path, "protocol": e.request.Proto, "sourceIp": e.sourceIP(), "userAgent": e.request.UserAgent(),
			},
			"requestId": e.id, "routeKey": "ANY " + e.match.resource, "stage": stage, "time": clf(e.began), "timeEpoch": e.began.UnixMilli(),
		},
		"isBase64Encoded": false,
	}
	optional(event, "queryStringParameters", len(query), query)
	optional(event, "pathParameters", len(e.match.parameters), e.match.parameters)
	optional(event, "cookies", len(cookies), cookies)
	if len(body) > 0 {
		event["body"], event["isBase64Encoded"] = byMediaType(e.request.Header, body)
	}
	return event
}

func optional(event object, name string, n int, value any) {
	if n > 0 {
		event[name] = value
	}
}

// joinedHeaders are lower-cased, and values of one name are joined.
func (e *exchange) joinedHeaders(body []byte) (headers map[string]string, cookies []string) {
	_, multi := e.headers()
	headers = make(map[string]string, len(multi))
	for name, each := range multi {
		if name == "Cookie" {
			cookies = strings.Split(strings.Join(each, "; "), "; ")
			continue
		}
		headers[strings.ToLower(name)] = strings.Join(each, ",")
	}
	headers["content-length"] = strconv.Itoa(len(body))
	return headers, cookies
}

// textTypes come through as text, all else as base64.
//
// Source: Elastic Load Balancing User Guide, "Lambda functions as targets"; HTTP
// APIs do alike.
var textTypes = []string{"application/json", "application/javascript", "application/xml"}

func byMediaType(h http.Header, body []byte) (text string, encoded bool) {
	media, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	media = strings.ToLower(strings.TrimSpace(media))
	isText := h.Get("Content-Encoding") == "" && (strings.HasPrefix(media, "text/") || slices.Contains(textTypes, media))
	if isText {
		return strings.ToValidUTF8(string(body), "\uFFFD"), false
	}
	return base64.StdEncoding.EncodeToString(body), true
}

// albEvent is a load balancer's event. Its query is not decoded.
//
// Source: Elastic Load Balancing User Guide, "Lambda functions as targets".
func (e *exchange) albEvent(body []byte) any {
	undecoded := func(s string) string { return s }
	single, multi := values(e.query, undecoded)
	_, headers := e.headers()
	lower := make(map[string][]string, len(headers))
	for name, each := range headers {
		lower[strings.ToLower(name)] = each
	}
	if len(body) > 0 {
		lower["content-length"] = []string{strconv.Itoa(len(body))}
	}
	text, encoded := byMediaType(e.request.Header, body)
	event := object{
		"requestContext": object{"elb": object{"targetGroupArn": "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/gander/0"}},
		"httpMethod":     e.request.Method, "path": e.path, "body": text, "isBase64Encoded": encoded && len(body) > 0,
	}
	if e.gateway.config.Shape == ALBMulti {
		event["multiValueHeaders"], event["multiValueQueryStringParameters"] = lower, multi
		return event
	}
	last := make(map[string]string, len(lower))
	for name, each := range lower {
		last[name] = each[len(each)-1]
	}
	event["headers"], event["queryStringParameters"] = last, single
	return event
}
