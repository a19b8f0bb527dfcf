package gateway

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/gander-images/gander/localstack/lambda"
)

// Limits of the gateways.
//
// Source: API Gateway Developer Guide, "Quotas for configuring and running a REST
// API" and the same for an HTTP API; Elastic Load Balancing User Guide, "Lambda
// functions as targets".
const (
	maxBody     = 10 << 20
	maxHeader   = 10240   // request line and headers
	maxALB      = 1 << 20 // a load balancer's, of a body and of an answer
	restTimeout = 29 * time.Second
	httpTimeout = 30 * time.Second
	maxDrained  = 1 << 30 // of a body that is too large, so that its sender reads the answer
)

// An exchange is one request on its way through the gateway, and its answer.
type exchange struct {
	gateway *Gateway
	writer  http.ResponseWriter
	request *http.Request
	stage   string // that the path named; empty below a hostname
	sent    string // the path as it was sent
	path    string // without the stage
	query   string // as it was sent
	match   match
	id      string
	began   time.Time
	said    object // by the authorizer; nil where there is none
}

// handler answers requests below a stage, or below the root.
func (g *Gateway) handler(stage string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e := &exchange{gateway: g, writer: w, request: r, stage: stage, id: uuid.NewString(), began: time.Now()}
		e.sent, e.query = requestTarget(r)
		e.path = strings.TrimPrefix(e.sent, "/"+stage)
		if stage == "" {
			e.path = e.sent
		}
		if g.config.Shape == REST || e.path == "" {
			e.path = "/" + strings.TrimLeft(e.path, "/") // as recorded of AWS, however many there are
		}
		e.serve()
	})
}

// belowStage answers at the API's own URL.
func (g *Gateway) belowStage() http.Handler {
	stage := g.api.stage
	inner := g.handler(stage)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path, query := requestTarget(r)
		path = "/" + strings.TrimLeft(path, "/")
		if path != "/"+stage && !strings.HasPrefix(path, "/"+stage+"/") {
			writeJSON(w, http.StatusForbidden, "Forbidden")
			return
		}
		if r.RequestURI = path; query != "" {
			r.RequestURI += "?" + query
		}
		inner.ServeHTTP(w, r)
	})
}

// requestTarget splits what the request line names, as it was sent.
func requestTarget(r *http.Request) (path, query string) {
	path, query, _ = strings.Cut(r.RequestURI, "?")
	if !strings.HasPrefix(path, "/") {
		path = r.URL.EscapedPath() // an absolute form, as for a proxy
	}
	return path, query
}

func (e *exchange) serve() {
	var found bool
	if e.match, found = e.find(); !found {
		e.turnAway()
		return
	}
	if headerSize(e.request) > maxHeader {
		e.simple(http.StatusRequestHeaderFieldsTooLarge, "Request Header Fields Too Large")
		return
	}
	body, err := io.ReadAll(io.LimitReader(e.request.Body, maxBody+1))
	if err != nil {
		panic(http.ErrAbortHandler) // the caller went away
	}
	if !e.authorized() {
		return
	}
	event, fits := e.event(body)
	if !fits { // which no longer body does
		_, _ = io.Copy(io.Discard, io.LimitReader(e.request.Body, maxDrained)) // see maxDrained
		e.tooLarge()
		return
	}
	e.invoke(event)
}

// invoke calls the function and answers with what it says.
func (e *exchange) invoke(event []byte) {
	f := e.gateway.functions[e.match.function]
	ctx, cancel := context.WithTimeout(e.request.Context(), e.gateway.config.patience(f))
	defer cancel()
	outcome, err := f.Invoke(ctx, event)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		e.timedOut()
	case err != nil:
		panic(http.ErrAbortHandler) // the caller went away, or the gateway does
	case outcome.Failed:
		e.gateway.log.Error("a function failed", "function", f.Name(), "kind", outcome.Kind, "message", outcome.Message())
		e.failed()
	default:
		e.answer(outcome)
	}
}

// patience is how long the gateway waits for the function.
func (c Config) patience(f *lambda.Function) time.Duration {
	switch {
	case c.timeout != 0:
		return c.timeout
	case c.Shape == REST:
		return restTimeout
	case c.Shape == HTTP:
		return httpTimeout
	}
	return f.Timeout() + time.Minute // a load balancer waits for the function
}

// headerSize is what the request line and the headers take.
func headerSize(r *http.Request) int {
	var b bytes.Buffer
	_ = r.Header.Write(&b) // into memory
	return b.Len() + len(r.Method) + len(r.RequestURI) + len(r.Proto) + len(r.Host) + len("Host: \r\n\r\n")
}

// sourceIP is where the request came from.
func (e *exchange) sourceIP() string {
	host, _, err := net.SplitHostPort(e.request.RemoteAddr)
	if err != nil {
		return e.request.RemoteAddr
	}
	return host
}

// contextPath is the path as it was sent, with the stage where it named that.
func (e *exchange) contextPath() string {
	if e.stage != "" && e.sent == "/"+e.stage {
		return e.sent + "/"
	}
	return e.sent
}

// stamp marks an answer as the gateway's.
func (e *exchange) stamp(h http.Header) {
	h.Set("X-Amzn-Requestid", e.id)
	h.Set("X-Amz-Apigw-Id", e.id[:8]+"=")
}

func (e *exchange) logged(status int, why string) {
	attributes := []any{
		"function", e.match.function, "method", e.request.Method, "path", e.path, "status", status,
		"ms", time.Since(e.began).Milliseconds(),
	}
	if why != "" {
		attributes = append(attributes, "why", why)
	}
	e.gateway.log.Info("answered", attributes...)
}
