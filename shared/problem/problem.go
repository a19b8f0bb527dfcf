// Package problem says why a request failed, which HTTP status that is, and
// what the caller may read about it.
//
// A failure made here carries a message written for the caller. Every other
// error is internal: it becomes a 500 that tells nothing.
package problem

import (
	"errors"
	"fmt"
	"net/http"
)

// A Code names one way a request can fail. The set is closed; each has one
// HTTP status.
type Code int

// The codes. Their statuses are Glance's (glance/common/wsgi.py and the
// handlers of glance/api/v2), where Glance has one.
const (
	Internal         Code = iota // not made by this package
	Invalid                      // the request is malformed
	Unauthorized                 // no valid token
	Forbidden                    // the caller may not
	NotFound                     // absent, or not for the caller to see
	MethodNotAllowed             // a known path, another verb
	NotAcceptable                // no form, or no version, that the client takes
	Conflict                     // the state does not allow it, or it changed meanwhile
	Gone                         // the target vanished, or somebody else won, half-way
	TooLarge                     // a quota or a size limit
	UnsupportedMedia             // wrong Content-Type, or bytes that are not what they claim
	BadRange                     // a Range that cannot be served
	HeaderTooLarge               // a header beyond its limit
	NotImplemented               // an unknown verb
	Unavailable                  // try again later
)

var statuses = map[Code]int{
	Internal:         http.StatusInternalServerError,
	Invalid:          http.StatusBadRequest,
	Unauthorized:     http.StatusUnauthorized,
	Forbidden:        http.StatusForbidden,
	NotFound:         http.StatusNotFound,
	MethodNotAllowed: http.StatusMethodNotAllowed,
	NotAcceptable:    http.StatusNotAcceptable,
	Conflict:         http.StatusConflict,
	Gone:             http.StatusGone,
	TooLarge:         http.StatusRequestEntityTooLarge,
	UnsupportedMedia: http.StatusUnsupportedMediaType,
	BadRange:         http.StatusRequestedRangeNotSatisfiable,
	HeaderTooLarge:   http.StatusRequestHeaderFieldsTooLarge,
	NotImplemented:   http.StatusNotImplemented,
	Unavailable:      http.StatusServiceUnavailable,
}

type failure struct {
	code    Code
	message string
	cause   error
}

func (f *failure) Error() string {
	if f.cause != nil {
		return f.message + ": " + f.cause.Error()
	}
	return f.message
}

func (f *failure) Unwrap() error { return f.cause }

// New returns an error whose message is safe to show to the caller.
func New(code Code, format string, args ...any) error {
	return &failure{code: code, message: fmt.Sprintf(format, args...)}
}

// Because is New with the internal error that led to it. The cause reaches the
// log and errors.Is, never the caller.
func Because(cause error, code Code, format string, args ...any) error {
	return &failure{code: code, message: fmt.Sprintf(format, args...), cause: cause}
}

// CodeOf returns the code of the outermost failure in err's chain, Internal
// where there is none.
func CodeOf(err error) Code {
	var f *failure
	if errors.As(err, &f) {
		return f.code
	}
	return Internal
}

// Is reports whether err is a failure with this code.
func Is(err error, code Code) bool { return err != nil && CodeOf(err) == code }

// Status returns the HTTP status and the public message for err. An error that
// this package did not make is a 500 with an empty message.
func Status(err error) (status int, message string) {
	var f *failure
	if errors.As(err, &f) && f.code != Internal {
		return statuses[f.code], f.message
	}
	return http.StatusInternalServerError, ""
}
