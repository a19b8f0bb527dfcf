package gateway

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/gander-images/gander/localstack/lambda"
)

// A Shape is the form of the events, and so the kind of gateway.
type Shape int

// The shapes.
const (
	REST     Shape = iota // payload 1.0 of a REST API
	HTTP                  // payload 2.0 of an HTTP API
	ALB                   // of a load balancer's target group
	ALBMulti              // likewise, with multi-value headers switched on
)

// find matches the request. A REST API takes a path with a slash at its end for
// the one without, and compares parts as they were sent; an HTTP API decodes the
// path before, and a load balancer takes it as it is.
//
// Source: tests of LocalStack that were recorded against AWS; a slash at the
// end, in its resource router.
func (e *exchange) find() (match, bool) {
	a := e.gateway.api
	switch e.gateway.config.Shape {
	case REST:
		return a.match(e.request.Method, segments(e.path))
	case HTTP:
		return a.match(e.request.Method, strictSegments(decodePath(e.path)))
	}
	return a.match(e.request.Method, strictSegments(e.path))
}

// decodePath is a path as an HTTP API hands it on: decoded, and cut where a
// question mark comes out.
func decodePath(path string) string {
	decoded, err := url.PathUnescape(path)
	if err != nil {
		return path
	}
	decoded, _, _ = strings.Cut(decoded, "?")
	return decoded
}

// event builds the event of the shape. fits is false when it is larger than the
// function would get.
func (e *exchange) event(body []byte) (event []byte, fits bool) {
	var v any
	switch e.gateway.config.Shape {
	case REST:
		v = e.restEvent(body)
	case HTTP:
		v = e.httpEvent(body)
	default:
		if len(body) > maxALB {
			return nil, false
		}
		v = e.albEvent(body)
	}
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, false // strings, numbers and maps of them always marshal
	}
	return []byte(strings.TrimSuffix(b.String(), "\n")), b.Len()-1 <= lambda.MaxEvent
}

// turnAway answers what leads nowhere.
func (e *exchange) turnAway() {
	if e.gateway.config.Shape == REST {
		e.refuse("MISSING_AUTHENTICATION_TOKEN")
		return
	}
	e.simple(http.StatusNotFound, "Not Found")
}

func (e *exchange) tooLarge() {
	if e.gateway.config.Shape == REST {
		e.refuse("REQUEST_TOO_LARGE")
		return
	}
	e.simple(http.StatusRequestEntityTooLarge, "Request Entity Too Large")
}

func (e *exchange) timedOut() {
	switch e.gateway.config.Shape {
	case REST:
		e.refuse("INTEGRATION_TIMEOUT")
	case HTTP:
		e.simple(http.StatusServiceUnavailable, "Service Unavailable")
	default:
		e.simple(http.StatusBadGateway, "Bad Gateway")
	}
}

// failed answers for a function that reported an error, or something that is no
// answer.
func (e *exchange) failed() {
	switch e.gateway.config.Shape {
	case REST:
		e.refuse("DEFAULT_5XX")
	case HTTP:
		e.simple(http.StatusInternalServerError, "Internal Server Error")
	default:
		e.simple(http.StatusBadGateway, "Bad Gateway")
	}
}

// simple answers without the template: only a REST API has answers of its own.
func (e *exchange) simple(status int, message string) {
	e.stamp(e.writer.Header())
	e.gateway.count(e.match.function, status)
	e.logged(status, message)
	writeJSON(e.writer, status, message)
}

func writeJSON(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"message": message})
}
