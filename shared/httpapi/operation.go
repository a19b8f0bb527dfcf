// Package httpapi is the operation table: one row for each call of the API,
// the wire form of requests and answers, and the one order in which a request
// can fail.
package httpapi

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/url"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/image"
	"github.com/gander-images/gander/shared/policy"
)

// An Operation is everything the service knows about one API call.
type Operation struct {
	Name    string // folder under functions/; image-delete is ImageDeleteFunction in the template
	Methods []string
	Paths   []string      // API Gateway syntax: /v2/images/{image_id}
	Rules   []policy.Rule // those it may ask; empty where Glance checks none
	Needs   Needs         // clients that boot builds, and all that the template may grant
	Body    BodyKind      // which request body it takes
	Public  bool          // answers without a token
	Serve   func(context.Context, *Services, *Request) (*Response, error)
}

// Needs names what an operation uses, and so which clients are built for it,
// which variables it reads and which permissions the template grants.
type Needs uint

// The needs.
const (
	ReadTable Needs = 1 << iota
	WriteTable
	ReadBytes
	WriteBytes
	DeleteBytes
	Tokens // validates callers' tokens
)

// A BodyKind says what an operation does with a request body.
type BodyKind int

// The kinds of body.
const (
	NoBody   BodyKind = iota // one is refused
	Ignored                  // one is not looked at
	JSONBody                 // needed, read whole, limited
	RawBody                  // streamed, application/octet-stream
)

// Services are what operations work with. Boot builds those that the
// operation's Needs name, and leaves the others nil.
type Services struct {
	Images   *image.Service
	Policy   policy.Decider
	Identity Authenticator
	Log      *slog.Logger

	// PublicEndpoint is the absolute URL, without a final slash, that answers
	// name; it never comes from a request.
	PublicEndpoint string

	// ImportMethods are those that work here.
	ImportMethods []string

	// Healthy reports what keeps the service from serving; nil when it serves.
	Healthy func(context.Context) error
}

// An Authenticator turns tokens into a caller. service may be empty; a bad
// service token is ignored. Errors: problem.Unauthorized, problem.Unavailable.
type Authenticator interface {
	Authenticate(ctx context.Context, token, service string) (caller.Caller, error)
}

// A Request is one call on its way to its operation.
type Request struct {
	*http.Request // as it came; Body is already limited
	Caller        caller.Caller
	ID            string            // request id
	Params        map[string]string // path variables, decoded
	Query         url.Values        // decoded; repeated parameters in order
	JSON          []byte            // the body of a JSONBody operation: valid JSON, object or array
	Log           *slog.Logger
}

// A Response is an operation's answer. Body and Stream exclude each other.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
	Stream io.ReadCloser // closed by whoever writes the answer
	Length int64         // bytes of Stream
}
