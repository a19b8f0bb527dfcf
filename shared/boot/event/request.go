package event

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gander-images/gander/shared/identity"
	"github.com/gander-images/gander/shared/problem"
)

// Request makes the HTTP request that an event stands for. The error is a
// problem.Invalid, to be answered, where the caller's bytes did not survive the
// way through the gateway; any other error says that the event is no HTTP event.
// Then the request is still good for telling what the caller accepts.
func Request(ctx context.Context, payload []byte) (*http.Request, Shape, error) {
	g, shape, err := parse(payload)
	if err != nil {
		return nil, 0, err
	}
	target, err := g.target(shape)
	if err != nil {
		return nil, 0, err
	}
	r := &http.Request{
		Method: g.method(shape), URL: target, RequestURI: target.RequestURI(), Header: g.header(shape),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, RemoteAddr: g.remote(), Body: http.NoBody,
	}
	r.Host = r.Header.Get("Host")
	r.Header.Del("Host")
	if caller := g.caller(shape); caller != "" {
		ctx = identity.WithHanded(ctx, caller)
	}
	r = r.WithContext(ctx)
	return r, shape, g.attachBody(r)
}

func (g *gateway) method(shape Shape) string {
	if shape == HTTP {
		return g.Context.HTTP.Method
	}
	return g.HTTPMethod
}

func (g *gateway) remote() string {
	if g.Context.HTTP.SourceIP != "" {
		return g.Context.HTTP.SourceIP + ":0"
	}
	if g.Context.Identity.SourceIP != "" {
		return g.Context.Identity.SourceIP + ":0"
	}
	return ""
}

func (g *gateway) target(shape Shape) (*url.URL, error) {
	raw := g.Path
	if shape == HTTP {
		raw = g.RawPath
	}
	if raw == "" {
		raw = "/" // which it means (RFC 9110, 4.2.3); LocalStack hands on a stage's URL without its final slash so
	}
	raw = g.withoutStage(raw)
	u := &url.URL{RawQuery: g.rawQuery(shape)}
	if decoded, err := url.PathUnescape(raw); err == nil && shape != HTTP && printable(raw) {
		u.Path, u.RawPath = decoded, raw
	} else {
		u.Path = raw // the gateway decoded it, as an HTTP API always does
	}
	if !strings.HasPrefix(u.Path, "/") {
		return nil, fmt.Errorf("%w: the path %q has no leading slash", errUnknown, raw)
	}
	return u, nil
}

// withoutStage takes the stage off the paths that carry it: those of HTTP APIs,
// which say a version in both payloads. REST APIs keep it out of the path.
func (g *gateway) withoutStage(path string) string {
	stage := g.Context.Stage
	if g.Version == "" || stage == "" || stage == "$default" {
		return path
	}
	if rest, found := strings.CutPrefix(path, "/"+stage); found && (rest == "" || rest[0] == '/') {
		return "/" + strings.TrimPrefix(rest, "/")
	}
	return path
}

// printable reports whether a path holds only bytes that may stand undecoded in
// a request line.
func printable(path string) bool {
	for i := range len(path) {
		if path[i] <= ' ' || path[i] >= 0x7f || path[i] == '"' || path[i] == '<' || path[i] == '>' {
			return false
		}
	}
	return true
}

// rawQuery returns the query as the caller wrote it where the event has it, and
// else one that means the same. A load balancer hands parameters on encoded,
// payload 1.0 decoded.
func (g *gateway) rawQuery(shape Shape) string {
	if shape == HTTP {
		return g.RawQueryString
	}
	values := url.Values(g.MultiValueQuery)
	if len(values) == 0 {
		values = make(url.Values, len(g.Query))
		for name, value := range g.Query {
			values.Set(name, value)
		}
	}
	if shape.isALB() {
		values = unescaped(values)
	}
	return values.Encode()
}

// unescaped decodes what can be decoded and leaves the rest as it is.
func unescaped(values url.Values) url.Values {
	plain := make(url.Values, len(values))
	for name, list := range values {
		name = unescape(name)
		for _, value := range list {
			plain.Add(name, unescape(value))
		}
	}
	return plain
}

func unescape(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}

func (g *gateway) header(shape Shape) http.Header {
	h := make(http.Header, len(g.Headers)+1)
	for name, values := range g.MultiValueHeaders {
		for _, value := range values {
			h.Add(name, value)
		}
	}
	for name, value := range g.Headers {
		if h.Values(name) == nil {
			h.Set(name, value)
		}
	}
	if shape == HTTP && len(g.Cookies) > 0 {
		h.Set("Cookie", strings.Join(g.Cookies, "; "))
	}
	return h
}

// attachBody gives r the event's body, whole. Gateways buffer, so how the bytes
// came to the gateway no longer matters; that all of them came on does.
func (g *gateway) attachBody(r *http.Request) error {
	chunked := r.Header.Get("Transfer-Encoding") != ""
	r.Header.Del("Transfer-Encoding")
	r.Header.Del("Expect")
	body := []byte(g.Body)
	if g.IsBase64Encoded {
		decoded, err := base64.StdEncoding.DecodeString(g.Body)
		if err != nil {
			return fmt.Errorf("%w: the body is not base64: %w", errUnknown, err)
		}
		body = decoded
	}
	declared := r.Header.Get("Content-Length")
	if limit := g.bodyLimit(); longer(declared, limit, body) || longer(r.Header.Get("X-Openstack-Image-Size"), limit, body) {
		return problem.New(problem.TooLarge, "Through this gateway at most %d bytes can be sent in one request. "+
			"Send more to an endpoint that runs outside of Lambda: the data plane, or gander serve.", limit)
	}
	if declared != "" && !chunked && declared != strconv.Itoa(len(body)) {
		return problem.New(problem.Invalid, "The gateway passed on %d bytes of a body of %s.", len(body), declared)
	}
	r.ContentLength = int64(len(body))
	r.Header.Del("Content-Length")
	if len(body) > 0 {
		r.Header.Set("Content-Length", strconv.Itoa(len(body)))
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	return nil
}

// Bytes of a body that arrive in any case. A Lambda is handed at most 6 MB of
// event, with the body in base64 if it is no text; a load balancer hands on 1 MB.
//
// Source: AWS Lambda Developer Guide, "Lambda quotas"; Elastic Load Balancing
// User Guide, "Lambda functions as targets".
const (
	maxBody    = 4_500_000
	maxALBBody = 1_000_000
)

func (g *gateway) bodyLimit() int64 {
	if g.Context.ELB != nil {
		return maxALBBody
	}
	return maxBody
}

// longer reports whether the caller sent more than can come through, and it did
// not come.
func longer(declared string, limit int64, body []byte) bool {
	n, err := strconv.ParseInt(strings.TrimSpace(declared), 10, 64)
	return err == nil && n > limit && n != int64(len(body))
}
