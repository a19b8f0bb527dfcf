package gateway

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/gander-images/gander/localstack/lambda"
)

// A functionAnswer is what a function gives back, in any of the shapes.
type functionAnswer struct {
	StatusCode        json.RawMessage            `json:"statusCode"`
	StatusDescription string                     `json:"statusDescription"`
	Headers           map[string]json.RawMessage `json:"headers"`
	MultiValueHeaders map[string][]string        `json:"multiValueHeaders"`
	Cookies           []string                   `json:"cookies"`
	Body              *string                    `json:"body"`
	IsBase64Encoded   bool                       `json:"isBase64Encoded"`
}

// fieldsOf are those that a shape's answers may have.
var fieldsOf = map[Shape][]string{
	REST: {"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"},
}

// answer turns the function's answer into the response.
func (e *exchange) answer(o lambda.Outcome) {
	a, status, err := e.parse(o.Payload)
	if err != nil {
		e.gateway.log.Error("malformed proxy response", "function", e.match.function, "error", err)
		e.failed()
		return
	}
	body, err := e.decode(a)
	if err != nil {
		e.gateway.log.Error("malformed proxy response", "function", e.match.function, "error", err)
		e.refuseMalformedBody()
		return
	}
	header := e.writer.Header()
	e.copyHeaders(header, a)
	if header.Get("Content-Type") == "" && e.gateway.config.Shape == REST {
		header.Set("Content-Type", "application/json")
	}
	e.stamp(header)
	e.gateway.count(e.match.function, status)
	e.logged(status, "")
	if len(body) > 0 || status != http.StatusNoContent && status != http.StatusNotModified {
		header.Set("Content-Length", strconv.Itoa(len(body)))
	}
	e.writer.WriteHeader(status)
	_, _ = e.writer.Write(body) // the caller may have gone
}

func (e *exchange) refuseMalformedBody() {
	if e.gateway.config.Shape == REST {
		e.refuse("API_CONFIGURATION_ERROR")
		return
	}
	e.failed()
}

// parse reads the answer as the shape's gateway does. A REST API refuses fields
// that it does not know; an HTTP API takes what has no status for a body.
func (e *exchange) parse(payload []byte) (a functionAnswer, status int, err error) {
	shape := e.gateway.config.Shape
	if len(payload) > maxALB && (shape == ALB || shape == ALBMulti) {
		return a, 0, fmt.Errorf("%d bytes are more than a load balancer takes", len(payload))
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(payload, &fields); shape == HTTP && fields["statusCode"] == nil {
		text := string(payload)
		return functionAnswer{Body: &text}, http.StatusOK, nil
	} else if err != nil || fields == nil {
		return a, 0, fmt.Errorf("it is no object: %w", err)
	}
	for name := range fields {
		if known := fieldsOf[shape]; known != nil && !slices.Contains(known, name) {
			return a, 0, fmt.Errorf("it has a field %s", name)
		}
	}
	if err := json.Unmarshal(payload, &a); err != nil {
		return a, 0, err
	}
	if len(a.StatusCode) == 0 && shape == REST {
		return a, http.StatusOK, nil
	}
	status, err = strconv.Atoi(string(bytes.Trim(a.StatusCode, `"`)))
	if err != nil || status < 100 || status > 599 {
		return a, 0, fmt.Errorf("its status is %s", a.StatusCode)
	}
	return a, status, nil
}

// decode gives the body's bytes. A REST API turns base64 into bytes only when
// the first type of the Accept header is declared as binary; otherwise the
// caller gets the base64.
func (e *exchange) decode(a functionAnswer) ([]byte, error) {
	if a.Body == nil {
		return nil, nil
	}
	if a.IsBase64Encoded && (e.gateway.config.Shape != REST || e.gateway.api.isBinary(firstAccepted(e.request.Header))) {
		return base64.StdEncoding.DecodeString(*a.Body)
	}
	return []byte(*a.Body), nil
}

func firstAccepted(h http.Header) string {
	first, _, _ := strings.Cut(h.Get("Accept"), ",")
	first, _, _ = strings.Cut(first, ";")
	return strings.TrimSpace(first)
}

// renamedHeaders come to the caller under another name: X-Amzn-Remapped- is put
// in front.
//
// Source: API Gateway Developer Guide, "Amazon API Gateway important notes" for
// REST APIs, response column.
var renamedHeaders = []string{
	"Authorization", "Connection", "Content-Length", "Content-Md5", "Date", "Expect", "Host", "Max-Forwards",
	"Proxy-Authenticate", "Server", "Trailer", "Upgrade", "User-Agent", "Www-Authenticate",
}

// neverCopied are headers of the connection, not of the answer.
var neverCopied = []string{"Connection", "Content-Length", "Transfer-Encoding"}

func (e *exchange) copyHeaders(to http.Header, a functionAnswer) {
	shape := e.gateway.config.Shape
	add := func(name, value string) {
		name = http.CanonicalHeaderKey(name)
		switch {
		case shape == REST && slices.Contains(renamedHeaders, name):
			to.Add("X-Amzn-Remapped-"+name, value)
		case !slices.Contains(neverCopied, name):
			to.Add(name, value)
		}
	}
	if shape == REST || shape == ALBMulti {
		for name, values := range a.MultiValueHeaders {
			for _, value := range values {
				add(name, value)
			}
		}
	}
	if shape != ALBMulti {
		for name, value := range a.Headers {
			add(name, headerText(value))
		}
	}
	for _, cookie := range a.Cookies {
		add("Set-Cookie", cookie)
	}
}

// headerText is a header's value, which may be written as a number or a word.
func headerText(v json.RawMessage) string {
	var text string
	if json.Unmarshal(v, &text) == nil {
		return text
	}
	return string(v)
}
