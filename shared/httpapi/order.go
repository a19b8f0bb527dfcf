package httpapi

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
)

// A step is one place at which a request can fail or be answered.
type step struct {
	name  string
	check func(*exchange) (*Response, error)
}

// order is the one order of checks. A request that breaks several rules is
// answered for the first. What follows "serve" is each operation's own: the
// form of its body, then whether the caller sees the target, then states and
// rules.
//
// Source: the middlewares of glance-api-paste.ini, then glance/common/wsgi.py,
// Router and Resource.__call__.
var order []step

func init() { // after All, which the steps lead to
	order = []step{
		{"request id", (*exchange).identify},
		{"preflight", (*exchange).preflight},
		{"token", (*exchange).authenticate},
		{"route", (*exchange).reach},
		{"gate", (*exchange).pass},
		{"media type", (*exchange).checkMedia},
		{"body expected", (*exchange).expectBody},
		{"body size", (*exchange).readBody},
		{"body text", (*exchange).checkText},
		{"body syntax", (*exchange).checkSyntax},
		{"body kind", (*exchange).checkKind},
		{"query", (*exchange).readQuery},
		{"serve", (*exchange).serve},
	}
}

// identify gives the request its id and its route.
func (x *exchange) identify() (*Response, error) {
	r := x.request
	r.route = x.router.find(r.Request)
	r.Params = r.route.params
	id, err := requestID(r.Header.Get("X-Openstack-Request-Id"))
	r.ID = id
	return nil, err
}

// preflight answers OPTIONS before anything is asked of the caller.
//
// Source: oslo_middleware/cors.py.
func (x *exchange) preflight() (*Response, error) {
	if x.request.Method == http.MethodOptions {
		return &Response{Status: http.StatusOK}, nil
	}
	return nil, nil
}

// authenticate finds out who asks, unless the route is open to anybody.
//
// Source: keystonemiddleware auth_token (headers, WWW-Authenticate);
// glance/api/middleware/context.py (401 unless confirmed).
func (x *exchange) authenticate() (*Response, error) {
	r, s := x.request, x.services
	if r.route.public {
		return nil, nil
	}
	shown := credentials(r.Request, r.route)
	if shown.Token == "" {
		return nil, x.unauthorized(nil)
	}
	if s.Identity == nil {
		return nil, problem.New(problem.NotFound, "") // nothing behind a token is served here
	}
	c, err := s.Identity.Authenticate(r.Context(), shown)
	if problem.Is(err, problem.Unauthorized) {
		return nil, x.unauthorized(err)
	}
	if err != nil {
		return nil, fmt.Errorf("authenticating: %w", err)
	}
	c.RequestID = r.ID
	c.Admin, err = s.Policy.Decide(policy.ContextIsAdmin, c, callerTarget{c})
	if err != nil {
		return nil, fmt.Errorf("deciding %s: %w", policy.ContextIsAdmin, err)
	}
	r.Caller = c
	return nil, nil
}

// unauthorized tells, in the same words whatever was wrong, that a token is needed
// and where callers get one.
func (x *exchange) unauthorized(cause error) error {
	uri := x.services.IdentityEndpoint
	if uri == "" {
		uri = x.services.PublicEndpoint
	}
	return withHeader(problem.Because(cause, problem.Unauthorized, ""), "Www-Authenticate", fmt.Sprintf("Keystone uri=%q", uri))
}

// callerTarget is the target of context_is_admin: the caller itself.
//
// Source: glance/api/policy.py, check_is_admin.
type callerTarget struct{ caller.Caller }

// Attribute implements policy.Target.
func (t callerTarget) Attribute(key string) (any, bool) {
	switch key {
	case "user_id":
		return t.UserID, true
	case "project_id":
		return t.ProjectID, true
	case "user_domain_id":
		return t.UserDomainID, true
	case "project_domain_id":
		return t.ProjectDomainID, true
	case "domain_id":
		return t.DomainID, true
	case "system_scope":
		return t.SystemScope, true
	}
	return nil, false
}

// reach answers for requests that no row serves.
func (x *exchange) reach() (*Response, error) {
	if x.request.route.miss == served && x.request.route.op.Name != Fallback.Name {
		return nil, nil
	}
	return x.serve()
}

func (x *exchange) serve() (*Response, error) {
	r := x.request
	return r.route.op.Serve(r.Context(), x.services, r)
}

// pass asks the rule that an operation puts before everything else.
//
// Source: glance/api/v2/tasks.py, _enforce_access_policy: its target is empty.
func (x *exchange) pass() (*Response, error) {
	r := x.request
	rule := r.route.op.Gate
	if rule == "" {
		return nil, nil
	}
	grant, err := x.services.Policy.Authorize(rule, r.Caller, policy.Attributes{})
	r.gate = grant
	return nil, err
}

// checkMedia refuses a body in a form that the operation cannot read. An absent
// one is in none of them.
//
// Source: glance/api/v2/images.py and image_data.py, RequestDeserializer, which
// look at it first; RFC 5789, section 3.1.
func (x *exchange) checkMedia() (*Response, error) {
	r := x.request
	media := r.route.op.Media
	if len(media) == 0 || slices.Contains(media, mediaType(r)) {
		return nil, nil
	}
	err := problem.New(problem.UnsupportedMedia, "This call takes %s.", strings.Join(media, " or "))
	if r.Method == http.MethodPatch {
		err = withHeader(err, "Accept-Patch", strings.Join(media, ", "))
	}
	return nil, err
}

// mediaType is the request's Content-Type without its parameters. Its letter case
// counts.
func mediaType(r *Request) string {
	name, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	return strings.TrimSpace(name)
}

// expectBody holds the presence of a body against what the operation takes.
//
// Source: glance/common/wsgi.py, JSONRequestDeserializer.has_body.
func (x *exchange) expectBody() (*Response, error) {
	r := x.request
	switch has := hasBody(r.Request); {
	case r.route.op.Body == NoBody && has:
		return nil, problem.New(problem.Invalid, "A body is not expected with this request.")
	case r.route.op.Body == JSONBody && !has:
		return nil, problem.New(problem.Invalid, "Body expected in request.")
	}
	return nil, nil
}

func hasBody(r *http.Request) bool {
	switch r.Method {
	case http.MethodPost, http.MethodPut, http.MethodPatch:
		return r.ContentLength != 0
	}
	return r.ContentLength > 0
}

// readQuery decodes the query for every operation alike.
func (x *exchange) readQuery() (*Response, error) {
	query, err := parseQuery(x.request.URL.RawQuery)
	x.request.Query = query
	return nil, err
}
