//go:build !cloud

package httpapi

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// A gateway knows the rows' literal routes, and sends everything else to the
// fallback, which then stands alone. Callers must not be able to tell.
func TestGatewayAnswersAlike(t *testing.T) {
	w := newInside(t)
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
		"/v2/images/x/tasks", "/v2/tasks/x", "/gander/v1", "/gander/v1/nope", "/gander/v1/%ff", "/gander/v1/images/deleted", "/gander/v1/images/x/restore",
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
