package httpapi

import (
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"
)

// A route is what the path and the method of a request lead to.
type route struct {
	op     *Operation
	params map[string]string
	public bool // no token is asked for
	miss   miss // why op is the fallback
	allow  string
	path   string // as routed: versions and leading slashes put right
}

// A miss is why no row serves a request.
type miss int

const (
	served      miss = iota
	badPath          // not UTF-8
	noPath           // a path that nobody knows, or does not tell of
	noMethod         // a known path, another verb
	noVerb           // an unknown path and an unknown verb
	choices          // not below a known version
	versions         // the list of versions, asked for by another verb than GET
	bareVersion      // /v2 without more
	otherName        // /v2.N where somebody else serves /v2
)

// A router finds the row for a request among all rows, also those that other
// functions serve.
type router struct {
	patterns []pattern
	served   map[string]*Operation // by name
	fallback *Operation
}

type pattern struct {
	op        *Operation
	segments  []string
	variables int // of the segments; those with fewer are looked at first
}

// newRouter routes to ops. What it knows of other rows of All tells a path that
// is served elsewhere, or by another verb, from one that nobody knows.
func newRouter(ops []Operation) *router {
	r := &router{served: make(map[string]*Operation, len(ops)), fallback: &Fallback}
	for i := range ops {
		op := &ops[i]
		r.served[op.Name] = op
		if op.Name == Fallback.Name {
			r.fallback = op
			continue
		}
		r.add(op)
	}
	for i := range All {
		if op := &All[i]; r.served[op.Name] == nil && op.Name != Fallback.Name {
			r.add(op)
		}
	}
	return r
}

func (r *router) add(op *Operation) {
	for _, path := range op.Paths {
		p := pattern{op: op, segments: strings.Split(path[1:], "/"), variables: strings.Count(path, "{")}
		at := len(r.patterns)
		for at > 0 && r.patterns[at-1].variables > p.variables {
			at--
		}
		r.patterns = slices.Insert(r.patterns, at, p)
	}
}

// knownVersions are the names under which the API is served.
//
// Source: glance/api/middleware/version_negotiation.py, without a cache and
// with stores.
var knownVersions = []string{
	"v2", "v2.0", "v2.1", "v2.2", "v2.3", "v2.4", "v2.5", "v2.6", "v2.7",
	"v2.8", "v2.9", "v2.10", "v2.11", "v2.12", "v2.13", "v2.15", "v2.17",
}

// ownAPI is where the operations stand that Glance does not have.
const ownAPI = "/gander/v1"

const versionAccept = "application/vnd.openstack.images-"

var knownMethods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
}

// find routes a request. The path is decoded before it is split, so that an
// escaped slash splits it too, as in Glance.
func (r *router) find(req *http.Request) route {
	path := "/" + strings.TrimLeft(req.URL.Path, "/") // some clients send two slashes
	if ofKeyManager(path) {
		return r.keyManager(path, req.Method)
	}
	if op, params, methods := r.match(path, req.Method); op != nil {
		return r.hit(op, params, path)
	} else if len(methods) > 0 {
		return r.otherMethod(path, methods)
	}
	first, _, _ := strings.Cut(path[1:], "/")
	rest := path
	switch versioned := slices.Contains(knownVersions, first); {
	case first == "versions":
		return r.missed(versions, path, true)
	case path == ownAPI, strings.HasPrefix(path, ownAPI+"/"):
		return r.unknown(path, req.Method)
	case versioned:
		rest = path[1+len(first):]
	case !utf8.ValidString(path):
		return r.missed(badPath, path, true)
	default:
		named, ok := strings.CutPrefix(req.Header.Get("Accept"), versionAccept)
		if !ok || !slices.Contains(knownVersions, named) {
			return r.missed(choices, path, true)
		}
	}
	return r.below(rest, path, req.Method)
}

// keyManager routes what lies below the key manager API. A slash at the end does not
// count: clients send one with every POST. A function that serves everything else is
// asked there too, by gateways that do count it, and sends callers on.
//
// Source: barbicanclient/client.py, _fix_path.
func (r *router) keyManager(asked, method string) route {
	path := strings.TrimRight(asked, "/")
	op, params, methods := r.match(path, method)
	switch {
	case op != nil && r.served[op.Name] == nil && path != asked:
		return r.missed(otherName, path, op.Public)
	case op != nil:
		return r.hit(op, params, path)
	case len(methods) > 0:
		return r.otherMethod(path, methods)
	}
	return r.unknown(path, method)
}

// below routes what follows a version.
func (r *router) below(rest, asked, method string) route {
	path := "/v2" + rest
	if rest == "" {
		return r.missed(bareVersion, path, false)
	}
	op, params, methods := r.match(path, method)
	switch {
	case op != nil && r.served[op.Name] == nil && path != asked:
		return r.missed(otherName, path, false)
	case op != nil:
		return r.hit(op, params, path)
	case len(methods) > 0:
		return r.otherMethod(path, methods)
	}
	return r.unknown(path, method)
}

// unknown is a path that no row has, where callers need a token to learn that.
func (r *router) unknown(path, method string) route {
	switch {
	case !utf8.ValidString(path):
		return r.missed(badPath, path, false)
	case !slices.Contains(knownMethods, method):
		return r.missed(noVerb, path, false)
	}
	return r.missed(noPath, path, false)
}

func (r *router) hit(op *Operation, params map[string]string, path string) route {
	if r.served[op.Name] == nil {
		return r.missed(noPath, path, op.Public) // another function's, sent here by mistake
	}
	return route{op: op, params: params, public: op.Public, path: path}
}

// otherMethod is a known path, asked by a verb that it does not take. The list
// of versions takes any.
func (r *router) otherMethod(path string, methods []*Operation) route {
	switch {
	case !utf8.ValidString(path):
		return r.missed(badPath, path, methods[0].Public)
	case path == "/":
		return r.missed(choices, path, true)
	case methods[0].Name == VersionList.Name:
		return r.missed(versions, path, true)
	}
	miss := r.missed(noMethod, path, methods[0].Public)
	miss.allow = allow(methods)
	return miss
}

func (r *router) missed(why miss, path string, public bool) route {
	return route{op: r.fallback, miss: why, path: path, public: public}
}

// match returns the row that serves method on path, or else the rows that serve
// other methods there, as far as they are listed. A path that some row names to the
// letter is no other row's, as behind API Gateway.
func (r *router) match(path, method string) (op *Operation, params map[string]string, others []*Operation) {
	segments := strings.Split(path[1:], "/")
	closest := len(segments)
	for _, p := range r.patterns {
		found, ok := p.match(segments)
		if !ok || len(found) > closest {
			continue
		}
		closest = len(found)
		if slices.Contains(p.op.Methods, method) && utf8.ValidString(path) {
			return p.op, found, nil
		}
		if !p.op.Unlisted {
			others = append(others, p.op)
		}
	}
	return nil, nil, others
}

func (p pattern) match(segments []string) (params map[string]string, ok bool) {
	if len(segments) != len(p.segments) {
		return nil, false
	}
	for i, want := range p.segments {
		if !strings.HasPrefix(want, "{") {
			if segments[i] != want {
				return nil, false
			}
			continue
		}
		if segments[i] == "" {
			return nil, false
		}
		if params == nil {
			params = make(map[string]string, 1)
		}
		params[want[1:len(want)-1]] = segments[i]
	}
	return params, true
}

// allow lists the methods of a path in Glance's order.
func allow(rows []*Operation) string {
	var methods []string
	for _, m := range knownMethods {
		if slices.ContainsFunc(rows, func(op *Operation) bool { return slices.Contains(op.Methods, m) }) {
			methods = append(methods, m)
		}
	}
	return strings.Join(methods, ", ")
}
