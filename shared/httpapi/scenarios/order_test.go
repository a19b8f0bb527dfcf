package scenarios

import (
	"net/http"
	"os"
	"strings"
	"testing"
)

// A violation breaks one rule of the order, and knows the answer for it.
type violation struct {
	breaks option
	status int
	says   string
}

// violations break one rule each of a request that makes an image.
var violations = map[string]violation{
	"request id":  {header("X-Openstack-Request-Id", strings.Repeat("a", 65)), 431, "x-openstack-request-id"},
	"preflight":   {func(r *http.Request) { r.Method = http.MethodOptions }, 200, ""},
	"token":       {without("X-Auth-Token"), 401, "valid token"},
	"route":       {func(r *http.Request) { r.URL.Path = "/v2/nope" }, 404, "could not be found"},
	"gate":        {gated, 403, "tasks_api_access"},
	"media type":  {patched, 415, "This call takes application/openstack-images-v2.0-json-patch or application/openstack-images-v2.1"},
	"body size":   {body(`{"name":"` + strings.Repeat("x", maxJSON) + `"}`), 413, "longer than"},
	"body text":   {body("{\"name\":\"\xff\"}"), 400, "not valid UTF-8"},
	"body syntax": {body(`{"name":`), 400, "Malformed JSON in request body."},
	"body kind":   {body(`"name"`), 400, "Unexpected body type"},
	"query":       {func(r *http.Request) { r.URL.RawQuery = "x=%ff" }, 400, "query is not valid UTF-8"},
	"serve":       {body(`{"self":"x"}`), 403, "'self' is read-only"},
}

// gated makes a request of one that a rule keeps the member from.
func gated(r *http.Request) {
	r.Method = http.MethodGet
	r.URL.Path = "/v2/tasks/" + noImage
}

// patched makes a request of one that takes other media types than the body's.
func patched(r *http.Request) {
	r.Method = http.MethodPatch
	r.URL.Path = "/v2/images/" + noImage
	r.Header.Set("Content-Type", "application/json-patch+json")
}

// noImage is an id that nothing has.
const noImage = "00000000-0000-4000-8000-000000000000"

// There are two ways to break the rule on the presence of a body.
var (
	missingBody    = violation{body(""), 400, "Body expected in request."}
	unexpectedBody = violation{func(r *http.Request) {
		r.Method = http.MethodDelete
		r.URL.Path = "/v2/images/x"
		body(`{}`)(r)
	}, 400, "A body is not expected with this request."}
)

// pairs are requests that break two neighbouring rules at once, where the two
// breaks do not simply add up.
var pairs = map[string]option{
	"body expected/body size": func(r *http.Request) {
		unexpectedBody.breaks(r)
		violations["body size"].breaks(r)
	},
	"body size/body text":   body(`{"name":"` + strings.Repeat("\xff", maxJSON) + `"}`),
	"body text/body syntax": body("{\"name\":\xff"),
	"body syntax/body kind": body(`"name`),
	"body kind/query": func(r *http.Request) {
		violations["query"].breaks(r)
		violations["body kind"].breaks(r)
	},
	"query/serve": func(r *http.Request) {
		violations["query"].breaks(r)
		violations["serve"].breaks(r)
	},
}

// contract is the order that callers rely on, from the first check to the last
// that operations share. A test of the steps holds them to the same file.
func contract(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("../testdata/order.txt")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(text)), "\n")
}

// Whoever breaks two neighbouring rules is told of the first.
func TestOrderOfChecks(t *testing.T) {
	w := newWorld(t)
	check := func(name string, v violation, breaks option) {
		t.Helper()
		w.call("POST /v2/images", named(name), body(`{}`), breaks).want(v.status).says(v.says)
	}
	check("nothing broken", violation{status: http.StatusCreated}, header("Accept", "*/*"))
	steps := contract(t)
	for i, name := range steps {
		v, ok := violations[name]
		switch {
		case name == "body expected":
			v = missingBody
			check("an unexpected body", unexpectedBody, unexpectedBody.breaks)
		case !ok:
			t.Fatalf("no way is known to break %q", name)
		}
		check(name, v, v.breaks)
		if i == len(steps)-1 {
			break
		}
		next := steps[i+1]
		pair := name + "/" + next
		both, ok := pairs[pair]
		if !ok {
			second := violations[next]
			if next == "body expected" {
				second = missingBody
			}
			both = func(r *http.Request) { second.breaks(r); v.breaks(r) }
		}
		if name == "body expected" {
			v = unexpectedBody
		}
		check(pair, v, both)
	}
}

func TestAuthentication(t *testing.T) {
	w := newWorld(t)
	id := w.made(`{}`)
	const challenge = `Keystone uri="` + publicEndpoint + `"`
	for _, c := range []struct {
		name    string
		options []option
		status  int
	}{
		{"a token", nil, 200},
		{"blanks around it", []option{header("X-Auth-Token", " "+tokenOf("member")+"\t")}, 200},
		{"the other header", []option{without("X-Auth-Token"), header("X-Storage-Token", tokenOf("member"))}, 200},
		{"X-Auth-Token counts", []option{header("X-Storage-Token", "wrong")}, 200},
		{"a service token", []option{header("X-Service-Token", tokenOf("service"))}, 200},
		{"an empty service token", []option{header("X-Service-Token", "")}, 200},
		{"a bad service token", []option{header("X-Service-Token", "wrong")}, 200},
		{"none", []option{without("X-Auth-Token")}, 401},
		{"blanks", []option{header("X-Auth-Token", "  ")}, 401},
		{"a bad one", []option{header("X-Auth-Token", "wrong")}, 401},
	} {
		got := w.call("GET /v2/images/"+id, append(c.options, named(c.name))...).want(c.status).has("Cache-Control", "no-store")
		if c.status == 401 {
			got.has("Www-Authenticate", challenge)
		}
		if t.Failed() {
			t.Fatal(c.name)
		}
	}
	// Below a known version everything needs a token, also what is not there.
	for _, line := range []string{"GET /v2/nope", "GET /v2", "GET /v2/", "PATCH /v2/images", "FROB /v2/nope", "GET /v2.5/images/x", "GET /v2/%ff", "GET /gander/v1", "GET /gander/v1/nope"} {
		w.call(line, without("X-Auth-Token")).want(401).has("Www-Authenticate", challenge)
	}
	for _, line := range []string{"GET /versions", "GET /healthcheck"} {
		w.call(line, without("X-Auth-Token")).want(200).has("Cache-Control", "")
	}
	w.call("GET /", without("X-Auth-Token")).want(300).has("Cache-Control", "")
}

// uniqueID is as long as a request id that the service made.
const uniqueID = "req-????????-????-????-????-????????????"

func TestRequestID(t *testing.T) {
	w := newWorld(t)
	const unique = uniqueID
	for given, want := range map[string]string{
		"":                               unique,
		"req-abc":                        "req-abc",
		"abc.DEF_1:2-3":                  "req-abc.DEF_1:2-3",
		strings.Repeat("a", 64):          "req-" + strings.Repeat("a", 64),
		strings.Repeat("a", 65):          unique,
		"a b":                            unique,
		`"><script>`:                     unique,
		"ü":                              unique,
		"x%0d%0aset-cookie: a=b":         unique,
		"req-a\tb":                       unique,
		"\u202ereq-gnp":                  unique,
		"req-" + strings.Repeat("a", 60): "req-" + strings.Repeat("a", 60),
	} {
		got := w.call("GET /v2/info/import", header("X-Openstack-Request-Id", given))
		id := got.header.Get("X-Openstack-Request-Id")
		if want == unique && (len(id) != len(unique) || !strings.HasPrefix(id, "req-") || strings.ContainsAny(id, " <")) {
			t.Errorf("given %q: answered %q", given, id)
		} else if want != unique && id != want {
			t.Errorf("given %q: answered %q, want %q", given, id, want)
		}
		if status := map[bool]int{true: 431, false: 200}[len(given) > 64]; got.status != status {
			t.Errorf("given %q: %d, want %d", given, got.status, status)
		}
	}
}
