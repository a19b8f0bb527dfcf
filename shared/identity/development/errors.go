package development

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// A failure is an error in Keystone's own words; its message is for the caller.
type failure struct {
	code    int
	message string
	header  http.Header
}

func (f *failure) Error() string { return fmt.Sprintf("%d: %s", f.code, f.message) }

func badRequest(format string, args ...any) error {
	return &failure{code: http.StatusBadRequest, message: fmt.Sprintf(format, args...)}
}

// unauthorized never tells which part of a login was wrong.
func unauthorized() error {
	return &failure{code: http.StatusUnauthorized, message: "The request you have made requires authentication."}
}

func forbidden() error {
	return &failure{code: http.StatusForbidden, message: "You are not authorized to perform the requested action."}
}

func notFound(kind, id string) error {
	return &failure{code: http.StatusNotFound, message: fmt.Sprintf("Could not find %s: %s.", kind, id)}
}

func notFoundPath() error {
	return &failure{code: http.StatusNotFound, message: "The development identity has no such resource."}
}

func methodNotAllowed(allow []string) error {
	return &failure{
		code:    http.StatusMethodNotAllowed,
		message: "This method is not allowed here. The development identity is changed in its file, identity.yaml.",
		header:  http.Header{"Allow": {strings.Join(allow, ", ")}},
	}
}

func statusOf(err error) int {
	var f *failure
	if errors.As(err, &f) {
		return f.code
	}
	return http.StatusInternalServerError
}

type errorBody struct {
	Error struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
		Title   string `json:"title"`
	} `json:"error"`
}

// failure writes an error down. What is not a failure tells nothing.
//
// Source: keystone/server/flask/application.py, the error body; keystonemiddleware,
// WWW-Authenticate.
func (i *Identity) failure(err error) *answer {
	f := &failure{code: http.StatusInternalServerError}
	errors.As(err, &f)
	if f.code == http.StatusInternalServerError {
		f = &failure{
			code:    f.code,
			message: "An unexpected error prevented the server from fulfilling your request.",
		}
	}
	var body errorBody
	body.Error.Code, body.Error.Message, body.Error.Title = f.code, f.message, http.StatusText(f.code)
	a := &answer{status: f.code, header: http.Header{}, body: body}
	for name, values := range f.header {
		a.header[name] = values
	}
	if f.code == http.StatusUnauthorized {
		a.header.Set("Www-Authenticate", fmt.Sprintf("Keystone uri=%q", i.endpoint))
	}
	return a
}
