package httpapi

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

func TestRoutes(t *testing.T) {
	w := newWorld(t)
	id := w.made(`{}`)
	const vendor = "application/vnd.openstack.images-"
	for _, c := range []struct {
		line   string
		status int
		allow  string
		option option
	}{
		{"GET /", 300, "", nil},
		{"POST /", 300, "", nil},
		{"GET /nope", 300, "", nil},
		{"GET /v3/images", 300, "", nil},
		{"GET /v1/images/" + id, 300, "", nil},
		{"GET /v2.14/images", 300, "", nil},
		{"GET /v2.18/images", 300, "", nil},
		{"GET /V2/images", 300, "", nil},
		{"GET /%ff", 400, "", nil},
		{"GET /versions", 200, "", nil},
		{"POST /versions/more", 200, "", nil},
		{"GET /healthcheck", 200, "", nil},
		{"HEAD /healthcheck", 200, "", nil},
		{"PUT /healthcheck", 405, "GET, HEAD", nil},
		{"GET /v2", 302, "", nil},
		{"POST /v2.7", 302, "", nil},
		{"GET /v2/", 404, "", nil},
		{"GET /v2/nope", 404, "", nil},
		{"GET /v2/nope", 404, "", header("Accept", vendor+"v2.3")},
		{"FROB /v2/nope", 501, "", nil},
		{"TRACE /v2/nope", 501, "", nil},
		{"FROB /v2/images/" + id, 405, "GET, DELETE", nil},
		{"HEAD /v2/images/" + id, 405, "GET, DELETE", nil},
		{"POST /v2/images/" + id, 405, "GET, DELETE", nil},
		{"DELETE /v2/images/" + id + "/file", 405, "GET, PUT", nil},
		{"POST /v2/schemas/image", 405, "GET", nil},
		{"GET /v2/images/", 404, "", nil},
		{"POST /v2/images/", 404, "", nil},
		{"DELETE /v2/images//file", 404, "", nil},
		{"GET /v2/images/" + id + "/", 404, "", nil},
		{"GET /v2/images//file", 404, "", nil},
		{"GET /v2/images/a%2Fb", 404, "", nil},
		{"GET /v2/images%2F" + id, 200, "", nil},
		{"GET /v2/%69mages/" + id, 200, "", nil},
		{"GET /v2/images/%ff", 400, "", nil},
		{"POST /v2/images/%ff", 400, "", nil},
		{"GET /v2/nope/%ff", 400, "", nil},
		{"GET /v2/images/" + id, 200, "", nil},
		{"GET //v2/images/" + id, 200, "", nil},
		{"GET /v2.0/images/" + id, 200, "", nil},
		{"GET /v2.17/images/" + id, 200, "", nil},
		{"PATCH /v2.3/info/stores", 405, "GET", nil},
		{"GET /images/" + id, 200, "", header("Accept", vendor+"v2.3")},
		{"GET /images/" + id, 300, "", header("Accept", vendor+"v2.99")},
		{"GET /images/" + id, 300, "", header("Accept", vendor+"v2.3, */*")},
		{"GET /v2/images/" + id, 200, "", header("Accept", vendor+"v2.3")},
		{"OPTIONS /v2/images", 200, "", without("X-Auth-Token")},
		{"OPTIONS /nope", 200, "", without("X-Auth-Token")},
	} {
		options := []option{}
		if c.option != nil {
			options = append(options, c.option)
		}
		got := w.refused(c.line, options...).want(c.status).has("Allow", c.allow)
		switch {
		case strings.HasPrefix(c.line, "OPTIONS"):
			got.is("")
		case c.status == 300:
			got.says(`"v2.17","status":"CURRENT"`)
		case c.status == 302:
			got.has("Location", "https://image.example/base/v2/").is("")
		}
	}
}

// A gateway knows the rows' literal routes, and sends everything else to the
// fallback, which then stands alone. Callers must not be able to tell.
func TestGatewayAnswersAlike(t *testing.T) {
	w := newWorld(t)
	id := w.made(`{}`)
	alone := map[string]http.Handler{}
	for _, op := range All {
		alone[op.Name] = Handler([]Operation{op}, w.services)
	}
	gateway := func(r *http.Request) http.Handler {
		segments := strings.Split(r.URL.EscapedPath()[1:], "/")
		for i := range All {
			for _, path := range All[i].Paths {
				p := pattern{op: &All[i], segments: strings.Split(path[1:], "/")}
				if _, ok := p.match(segments); ok && slices.Contains(All[i].Methods, r.Method) && All[i].Name != Fallback.Name {
					return alone[All[i].Name]
				}
			}
		}
		return alone[Fallback.Name]
	}
	answer := func(h http.Handler, method, path string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, nil)
		as("member")(r)
		header("X-Openstack-Request-Id", "req-1")(r)
		out := httptest.NewRecorder()
		h.ServeHTTP(out, r)
		return out
	}
	paths := []string{
		"/", "/nope", "/versions", "/versions/x", "/healthcheck", "/v2", "/v2/", "/v2/nope", "/v2/images", "/v2/images/", "/v2/images/" + id,
		"/v2/images/x", "/v2/images/%ff", "/v2/images/a%2Fb", "/v2/images/x/file", "/v2/images/x/y/z", "/v2/schemas/image",
		"/v2/schemas/nope", "/v2/info/import", "/v2/info/stores", "/v2/info/stores/detail", "/v1/images", "/%ff",
	}
	for _, path := range paths {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "FROB"} {
			if method == "DELETE" && strings.HasSuffix(path, id) {
				continue // it would be gone for the other
			}
			one := answer(w.handler, method, path)
			r := httptest.NewRequest(method, path, nil)
			other := answer(gateway(r), method, path)
			if one.Code != other.Code || one.Body.String() != other.Body.String() || one.Header().Get("Allow") != other.Header().Get("Allow") {
				t.Errorf("%s %s: %d %q alone, %d %q behind a gateway", method, path, one.Code, one.Body, other.Code, other.Body)
			}
		}
	}
	// Only the names of other versions are routed by us alone.
	other := answer(alone[Fallback.Name], "GET", "/v2.5/images/a%20b?x=1&y=%2F")
	if to := other.Header().Get("Location"); other.Code != 308 || to != "https://image.example/base/v2/images/a%20b?x=1&y=%2F" {
		t.Errorf("/v2.5 behind a gateway: %d to %q", other.Code, to)
	}
	if other := answer(alone[Fallback.Name], "GET", "/v2.5/nope"); other.Code != 404 {
		t.Errorf("an unknown path of /v2.5 behind a gateway: %d", other.Code)
	}
	if lost := answer(alone[ImageShow.Name], "GET", "/v2/info/import"); lost.Code != 404 {
		t.Errorf("another function's path: %d", lost.Code)
	}
}

func TestQuery(t *testing.T) {
	for raw, want := range map[string]string{
		"":                         "",
		"a=1&b=2&a=3":              "a=1&a=3&b=2",
		"a&b=":                     "a=&b=",
		"a=%zz&b=100%&c=%4":        "a=%25zz&b=100%25&c=%254",
		"a=x+y%2B%20":              "a=x+y%2B+",
		"&&a=1&&":                  "a=1",
		"a=b=c;d=e":                "a=b%3Dc%3Bd%3De",
		"%C3%BC=%f0%9f%90%a7":      "%C3%BC=%F0%9F%90%A7",
		"name=in:%22a%2Cb%22&tag=": "name=in%3A%22a%2Cb%22&tag=",
	} {
		got, err := parseQuery(raw)
		if err != nil || got.Encode() != want {
			t.Errorf("%q: %q, %v, want %q", raw, got.Encode(), err, want)
		}
	}
	for _, raw := range []string{"a=%ff", "%c3=1", "a=\xff", "a=%ed%a0%80"} {
		if got, err := parseQuery(raw); err == nil {
			t.Errorf("%q: %v", raw, got)
		}
	}
}
