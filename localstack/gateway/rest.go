package gateway

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gander-images/gander/localstack/template"
)

type object = map[string]any

// droppedHeaders never reach a function.
//
// Source: API Gateway Developer Guide, "Amazon API Gateway important notes" for
// REST APIs, request column.
var droppedHeaders = []string{
	"Connection", "Content-Length", "Content-Md5", "Expect", "Max-Forwards", "Proxy-Authenticate", "Server", "Te",
	"Trailer", "Transfer-Encoding", "Upgrade", "Www-Authenticate",
}

// restEvent is payload 1.0.
//
// Source: API Gateway Developer Guide, "Lambda proxy integrations in API
// Gateway", input format.
func (e *exchange) restEvent(body []byte) object {
	single, multi := e.headers()
	query, multiQuery := values(e.query, decodeQuery)
	text, encoded := e.restBody(body)
	return object{
		"resource": e.match.resource, "path": e.path, "httpMethod": e.request.Method,
		"headers": single, "multiValueHeaders": multi,
		"queryStringParameters": orNull(query), "multiValueQueryStringParameters": orNull(multiQuery),
		"pathParameters": orNull(e.match.parameters), "stageVariables": nil,
		"requestContext": e.restContext(), "body": text, "isBase64Encoded": encoded,
	}
}

func (e *exchange) restContext() object {
	agent := e.request.UserAgent()
	c := object{
		"accountId": template.Account, "apiId": "gander", "deploymentId": "local", "resourceId": "local", "resourcePath": e.match.resource,
		"httpMethod": e.request.Method, "path": e.contextPath(), "stage": e.gateway.api.stage, "protocol": e.request.Proto,
		"requestId": e.id, "extendedRequestId": e.id[:8] + "=",
		"requestTime": clf(e.began), "requestTimeEpoch": e.began.UnixMilli(),
		"domainName": e.request.Host, "domainPrefix": strings.Split(e.request.Host, ".")[0],
		"identity": object{
			"accountId": nil, "accessKey": nil, "caller": nil, "cognitoAuthenticationProvider": nil, "cognitoAuthenticationType": nil,
			"cognitoIdentityId": nil, "cognitoIdentityPoolId": nil, "principalOrgId": nil, "user": nil, "userArn": nil,
			"sourceIp": e.sourceIP(), "userAgent": agent,
		},
	}
	if e.said != nil {
		c["authorizer"] = e.said
	}
	return c
}

// headers are the request's and the gateway's own: the last of each name, and all.
func (e *exchange) headers() (single map[string]string, multi map[string][]string) {
	multi = map[string][]string{
		"Host": {e.request.Host}, "X-Amzn-Trace-Id": {"Root=1-" + strings.ReplaceAll(e.id, "-", "")[:24]},
		"X-Forwarded-Port": {port(e.request)}, "X-Forwarded-Proto": {"http"},
	}
	forwarded := append(e.request.Header.Values("X-Forwarded-For"), e.sourceIP())
	for name, values := range e.request.Header {
		if !slices.Contains(droppedHeaders, name) {
			multi[name] = values
		}
	}
	multi["X-Forwarded-For"] = []string{strings.Join(forwarded, ", ")}
	single = make(map[string]string, len(multi))
	for name, values := range multi {
		single[name] = values[len(values)-1]
	}
	return single, multi
}

func port(r *http.Request) string {
	if u, err := url.Parse("http://" + r.Host); err == nil && u.Port() != "" {
		return u.Port()
	}
	return "80"
}

// restBody is base64 where the request's type is declared as binary, else text,
// in which what is no UTF-8 is lost.
func (e *exchange) restBody(body []byte) (text any, encoded bool) {
	media, _, _ := strings.Cut(e.request.Header.Get("Content-Type"), ";")
	binary := e.gateway.api.isBinary(strings.TrimSpace(media))
	switch {
	case len(body) == 0:
		return nil, false
	case binary:
		return base64.StdEncoding.EncodeToString(body), true
	}
	return strings.ToValidUTF8(string(body), "\uFFFD"), false
}

// isBinary reports whether a media type is declared as binary.
//
// Source: API Gateway Developer Guide, "Binary media types for REST APIs in API
// Gateway".
func (a *api) isBinary(media string) bool {
	family, _, _ := strings.Cut(media, "/")
	for _, b := range a.binary {
		if b == "*/*" || media != "" && (strings.EqualFold(b, media) || b == family+"/*") {
			return true
		}
	}
	return false
}

// values are a query's: the last of each name, and all in order.
func values(query string, decode func(string) string) (single map[string]string, multi map[string][]string) {
	single, multi = map[string]string{}, map[string][]string{}
	for pair := range strings.SplitSeq(query, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		name, value = decode(name), decode(value)
		single[name] = value
		multi[name] = append(multi[name], value)
	}
	return single, multi
}

// decodeQuery leaves what is no encoding as it is.
func decodeQuery(s string) string {
	if decoded, err := url.QueryUnescape(s); err == nil {
		return decoded
	}
	return s
}

// orNull is null for what is empty, as gateways write it.
func orNull[V any](m map[string]V) any {
	if len(m) == 0 {
		return nil
	}
	return m
}

// clf is a time as gateways write it.
func clf(t time.Time) string { return t.UTC().Format("02/Jan/2006:15:04:05 +0000") }
