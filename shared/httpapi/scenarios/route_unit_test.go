//go:build !cloud

package scenarios

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/gander-images/gander/shared/httpapi"
)

// A gateway knows the rows' literal routes, and sends everything else to the
// fallback, which then stands alone. Callers must not be able to tell.
func TestGatewayAnswersAlike(t *testing.T) {
	w := newInside(t)
	id := w.made(`{}`)
	alone := map[string]http.Handler{}
	for _, op := range httpapi.All {
		alone[op.Name] = httpapi.Handler([]httpapi.Operation{op}, w.services)
	}
	gateway := func(r *http.Request) http.Handler {
		segments := strings.Split(r.URL.EscapedPath()[1:], "/")
		for i := range httpapi.All {
			for _, path := range httpapi.All[i].Paths {
				if fits(segments, strings.Split(path[1:], "/")) && slices.Contains(httpapi.All[i].Methods, r.Method) && httpapi.All[i].Name != httpapi.Fallback.Name {
					return alone[httpapi.All[i].Name]
				}
			}
		}
		return alone[httpapi.Fallback.Name]
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
	other := answer(alone[httpapi.Fallback.Name], "GET", "/v2.5/images/a%20b?x=1&y=%2F")
	if to := other.Header().Get("Location"); other.Code != 308 || to != "https://image.example/base/v2/images/a%20b?x=1&y=%2F" {
		t.Errorf("/v2.5 behind a gateway: %d to %q", other.Code, to)
	}
	if other := answer(alone[httpapi.Fallback.Name], "GET", "/v2.5/nope"); other.Code != 404 {
		t.Errorf("an unknown path of /v2.5 behind a gateway: %d", other.Code)
	}
	if lost := answer(alone[httpapi.ImageShow.Name], "GET", "/v2/info/import"); lost.Code != 404 {
		t.Errorf("another function's path: %d", lost.Code)
	}
}

// fits says whether a gateway takes a path for one of a route: each segment is
// what the route says, or anything where it has a parameter.
func fits(path, route []string) bool {
	return slices.EqualFunc(path, route, func(given, want string) bool {
		return given == want || strings.HasPrefix(want, "{") && given != ""
	})
}
