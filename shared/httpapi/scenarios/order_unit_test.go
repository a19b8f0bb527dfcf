//go:build !cloud

package scenarios

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gander-images/gander/shared/httpapi"
)

// A 401 names where tokens come from.
func TestIdentityEndpoint(t *testing.T) {
	w := newInside(t)
	w.services.IdentityEndpoint = "https://identity.example/v3"
	w.call("GET /v2/images", without("X-Auth-Token")).want(401).has("Www-Authenticate", `Keystone uri="https://identity.example/v3"`)
}

// What no HTTP server lets through in a request id may still come by a gateway's
// event.
func TestRequestIDFromEvents(t *testing.T) {
	w := newInside(t)
	r := httptest.NewRequest(http.MethodGet, "/versions", nil)
	r.Header["X-Openstack-Request-Id"] = []string{"a\r\nset-cookie: b"}
	out := httptest.NewRecorder()
	w.handler.ServeHTTP(out, r)
	if id := out.Header().Get("X-Openstack-Request-Id"); len(id) != len(uniqueID) || !strings.HasPrefix(id, "req-") {
		t.Errorf("line breaks given: answered %q", id)
	}
}

// A request that was identified before keeps its id, however long.
func TestIdentify(t *testing.T) {
	w := newInside(t)
	for _, given := range []string{"", "a b", "abc", "req-abc", strings.Repeat("a", 64), "req-" + strings.Repeat("a", 60)} {
		r := httptest.NewRequest(http.MethodGet, "/versions", nil)
		r.Header.Set("X-Openstack-Request-Id", given)
		id := httpapi.Identify(r)
		out := httptest.NewRecorder()
		w.handler.ServeHTTP(out, r)
		if got := out.Header().Get("X-Openstack-Request-Id"); out.Code != http.StatusOK || got != id {
			t.Errorf("%q is %s, and answered %d as %s", given, id, out.Code, got)
		}
	}
}
