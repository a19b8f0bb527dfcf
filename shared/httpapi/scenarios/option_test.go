package scenarios

import (
	"context"
	"io"
	"net/http"
	"strings"
)

// An option changes a request before it is sent.
type option func(*http.Request)

// callName is the context key of a call's name.
type callName struct{}

// named tells calls of one scenario apart whose lines are the same.
func named(name string) option {
	return func(r *http.Request) { *r = *r.WithContext(context.WithValue(r.Context(), callName{}, name)) }
}

// as gives the request the token of one of the people.
func as(who string) option {
	return header("X-Auth-Token", tokenOf(who))
}

func header(name, value string) option {
	return func(r *http.Request) { r.Header[http.CanonicalHeaderKey(name)] = []string{value} }
}

func without(name string) option { return func(r *http.Request) { r.Header.Del(name) } }

func body(text string) option {
	return func(r *http.Request) {
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(text)), int64(len(text))
		if text == "" {
			r.Body = http.NoBody // else the client sends it in chunks
		}
	}
}

func chunked(text string) option {
	return func(r *http.Request) {
		r.Body = io.NopCloser(strings.NewReader(text))
		r.ContentLength = -1
	}
}

func octets(text string) option {
	return func(r *http.Request) {
		body(text)(r)
		r.Header.Set("Content-Type", octetStream)
	}
}

var asJSON = header("Accept", "application/json")
