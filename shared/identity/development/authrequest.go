package development

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"unicode/utf8"
)

// An authRequest is the body of POST /v3/auth/tokens.
//
// Source: the Identity API v3 reference, password and token authentication.
type authRequest struct {
	Auth *struct {
		Identity *identityRequest `json:"identity"`
		Scope    json.RawMessage  `json:"scope"`
	} `json:"auth"`
}

type identityRequest struct {
	Methods  []string `json:"methods"`
	Password *struct {
		User *struct {
			ID       string     `json:"id"`
			Name     string     `json:"name"`
			Domain   *reference `json:"domain"`
			Password *string    `json:"password"`
		} `json:"user"`
	} `json:"password"`
	Token *struct {
		ID string `json:"id"`
	} `json:"token"`
}

// A reference names a domain by its id or its name.
type reference struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// A scopeRequest is the scope asked for; exactly one field is set.
type scopeRequest struct {
	Project *struct {
		ID     string     `json:"id"`
		Name   string     `json:"name"`
		Domain *reference `json:"domain"`
	} `json:"project"`
	Domain   *reference          `json:"domain"`
	System   *struct{ All bool } `json:"system"`
	Unscoped *struct{}           `json:"unscoped"`
	Trust    json.RawMessage     `json:"OS-TRUST:trust"`
}

// readAuth reads the body and answers 400 to what no login could look like.
func readAuth(c *call) (identityRequest, *scopeRequest, error) {
	var none identityRequest
	text, err := readJSON(c)
	if err != nil {
		return none, nil, err
	}
	var body authRequest
	if err := json.Unmarshal(text, &body); err != nil {
		return none, nil, badRequest("The body is not a login: %s", fieldOf(err))
	}
	switch {
	case body.Auth == nil:
		return none, nil, missing("auth")
	case body.Auth.Identity == nil:
		return none, nil, missing("identity")
	case body.Auth.Identity.Methods == nil:
		return none, nil, missing("methods")
	}
	asked, err := readScope(body.Auth.Scope)
	if err != nil {
		return none, nil, err
	}
	return *body.Auth.Identity, asked, nil
}

// readJSON returns the body of a call, limited.
func readJSON(c *call) ([]byte, error) {
	kind, _, err := mime.ParseMediaType(c.Header.Get("Content-Type"))
	if c.Header.Get("Content-Type") != "" && (err != nil || kind != "application/json") {
		return nil, badRequest("The body must be application/json.")
	}
	text, err := io.ReadAll(http.MaxBytesReader(c.writer, c.Body, maxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, &failure{code: http.StatusRequestEntityTooLarge, message: "The request is too large."}
	case err != nil:
		return nil, badRequest("The body ended too early.")
	case !utf8.Valid(text):
		return nil, badRequest("The body is not UTF-8.")
	}
	return text, nil
}

// readScope returns nil when no scope is asked for, and an empty request when
// none is wanted.
//
// Source: keystone/auth/core.py, AuthInfo._validate_and_normalize_scope_data.
func readScope(text json.RawMessage) (*scopeRequest, error) {
	text = bytes.TrimSpace(text)
	if len(text) == 0 {
		return nil, nil
	}
	if string(text) == `"unscoped"` {
		return &scopeRequest{Unscoped: &struct{}{}}, nil
	}
	var asked scopeRequest
	if err := json.Unmarshal(text, &asked); err != nil {
		return nil, badRequest("The scope is not well formed: %s", fieldOf(err))
	}
	named := 0
	for _, given := range []bool{
		asked.Project != nil, asked.Domain != nil, asked.System != nil, asked.Unscoped != nil, asked.Trust != nil,
	} {
		if given {
			named++
		}
	}
	switch {
	case named != 1:
		return nil, badRequest("Exactly one scope must be given: project, domain, system or unscoped.")
	case asked.Trust != nil:
		return nil, badRequest("The development identity has no trusts.")
	case asked.System != nil && !asked.System.All:
		return nil, badRequest("A system scope must be {\"all\": true}.")
	}
	return &asked, nil
}

func missing(field string) error { return badRequest("%q is a required property.", field) }

// fieldOf says where decoding failed, and never what was there.
func fieldOf(err error) string {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return "the field " + wrong.Field + " has the wrong type."
	}
	return "it is not JSON."
}
