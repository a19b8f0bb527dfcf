package development

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// maxBody is the longest request body, in bytes.
//
// Source: oslo.middleware, max_request_body_size.
const maxBody = 114688

// A call is one request on its way to its answer.
type call struct {
	*http.Request
	writer http.ResponseWriter

	resource string   // the path as the table has it; empty when it is not there
	params   []string // path variables, decoded, in order
	query    url.Values
	session  *session // of X-Auth-Token; nil on public calls
}

// A resource is what one path answers to; {} stands for one variable segment.
type resource struct {
	path   string
	public bool // without a token
	get    func(*Identity, *call) (*answer, error)
	post   func(*Identity, *call) (*answer, error)
	remove func(*Identity, *call) (*answer, error)
}

// resources is the whole API.
//
// Source: the Identity API v3 reference, as far as python-openstackclient,
// openstacksdk, glanceclient and gophercloud ask for it.
func resources() []resource {
	return []resource{
		{path: "/", public: true, get: (*Identity).versions},
		{path: "/v3", public: true, get: (*Identity).version},
		{
			path: "/v3/auth/tokens", public: true,
			get: (*Identity).showToken, post: (*Identity).createToken, remove: (*Identity).revokeToken,
		},
		{path: "/v3/auth/catalog", get: (*Identity).showCatalog},
		{path: "/v3/auth/projects", get: (*Identity).ownProjects},
		{path: "/v3/auth/domains", get: (*Identity).ownDomains},
		{path: "/v3/auth/system", get: (*Identity).ownSystem},
		{path: "/v3/projects", get: (*Identity).listProjects},
		{path: "/v3/projects/{}", get: (*Identity).showProject},
		{path: "/v3/domains", get: (*Identity).listDomains},
		{path: "/v3/domains/{}", get: (*Identity).showDomain},
		{path: "/v3/users", get: (*Identity).listUsers},
		{path: "/v3/users/{}", get: (*Identity).showUser},
		{path: "/v3/users/{}/projects", get: (*Identity).projectsOfUser},
		{path: "/v3/roles", get: (*Identity).listRoles},
		{path: "/v3/roles/{}", get: (*Identity).showRole},
		{path: "/v3/role_assignments", get: (*Identity).listAssignments},
	}
}

// An answer is a status and what is written as JSON; nothing when body is nil.
type answer struct {
	status int
	header http.Header
	body   any
}

func ok(body any) (*answer, error) { return &answer{status: http.StatusOK, body: body}, nil }

// Handler serves the API at Mount and below.
func (i *Identity) Handler() http.Handler {
	table := resources()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := i.options.Now()
		id := "req-" + uuid.NewString()
		c := &call{Request: r, writer: w}
		result := i.serve(table, c, id)
		write(w, r, id, result)
		// What a client made up, a token in the path for one, stays out of the log.
		i.options.Log.LogAttrs(r.Context(), slog.LevelInfo, "identity request",
			slog.String("request_id", id), slog.String("method", r.Method), slog.String("resource", c.resource),
			slog.Int("status", result.status), slog.Duration("time", i.options.Now().Sub(began).Round(time.Microsecond)))
	})
}

// serve returns the answer to a request, whatever happens.
func (i *Identity) serve(table []resource, c *call, id string) (result *answer) {
	defer func() {
		if broken := recover(); broken != nil {
			i.options.Log.Error("identity request panicked", "request_id", id, "panic", fmt.Sprintf("%T", broken))
			result = i.failure(&failure{code: http.StatusInternalServerError})
		}
	}()
	result, err := i.route(table, c)
	if err != nil {
		if statusOf(err) >= http.StatusInternalServerError {
			i.options.Log.Error("identity request failed", "request_id", id, "error", err)
		}
		return i.failure(err)
	}
	return result
}

func (i *Identity) route(table []resource, c *call) (*answer, error) {
	path, found := strings.CutPrefix(c.URL.EscapedPath(), Mount)
	if !found {
		return nil, notFoundPath()
	}
	segments := strings.Split(strings.Trim(path, "/"), "/")
	for _, res := range table {
		params, matches := res.match(segments)
		if !matches {
			continue
		}
		c.resource, c.params = res.path, params
		serve, err := res.method(c.Method)
		if err != nil {
			return nil, err
		}
		return i.enter(res, serve, c)
	}
	return nil, notFoundPath()
}

// enter checks the query and the token and serves the call.
func (i *Identity) enter(res resource, serve func(*Identity, *call) (*answer, error), c *call) (*answer, error) {
	var err error
	if c.query, err = url.ParseQuery(c.URL.RawQuery); err != nil {
		return nil, badRequest("The query is not well formed.")
	}
	if !res.public {
		if c.session, err = i.session(c.Header.Get("X-Auth-Token")); err != nil {
			return nil, unauthorized()
		}
	}
	return serve(i, c)
}

// match compares segments, still escaped, and returns the variable ones.
func (res resource) match(segments []string) (params []string, ok bool) {
	pattern := strings.Split(strings.Trim(res.path, "/"), "/")
	if len(pattern) != len(segments) {
		return nil, false
	}
	for n, segment := range segments {
		if pattern[n] != "{}" {
			if pattern[n] != segment {
				return nil, false
			}
			continue
		}
		value, err := url.PathUnescape(segment)
		if err != nil || value == "" {
			return nil, false
		}
		params = append(params, value)
	}
	return params, true
}

func (res resource) method(name string) (func(*Identity, *call) (*answer, error), error) {
	methods := map[string]func(*Identity, *call) (*answer, error){
		http.MethodGet: res.get, http.MethodHead: res.get, http.MethodPost: res.post, http.MethodDelete: res.remove,
	}
	if serve := methods[name]; serve != nil {
		return serve, nil
	}
	var allow []string
	for name, serve := range methods {
		if serve != nil {
			allow = append(allow, name)
		}
	}
	slices.Sort(allow)
	return nil, methodNotAllowed(allow)
}

// write sends an answer. The body of HEAD is measured and left out.
func write(w http.ResponseWriter, r *http.Request, id string, a *answer) {
	header := w.Header()
	for name, values := range a.header {
		header[name] = values
	}
	header.Set("Vary", "X-Auth-Token")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Openstack-Request-Id", id)
	if a.body == nil {
		w.WriteHeader(a.status)
		return
	}
	text, err := json.Marshal(a.body)
	if err != nil { // the bodies are made of text, truths and lists: it cannot
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	header.Set("Content-Type", "application/json")
	header.Set("Content-Length", fmt.Sprint(len(text)))
	w.WriteHeader(a.status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(text) // a client that left is not our fault
	}
}
