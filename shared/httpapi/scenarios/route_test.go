package scenarios

import (
	"net/http"
	"strings"
	"testing"
)

// accepts asks for a form of the answer, and names the call by it.
func accepts(form string) option {
	return func(r *http.Request) {
		named(form)(r)
		r.Header.Set("Accept", form)
	}
}

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
		{"HEAD /v1/images/" + id, 200, "", nil},
		{"GET /v1/images/" + id, 404, "", nil},
		{"POST /v1/images/" + id, 300, "", nil},
		{"GET /v1/images", 300, "", nil},
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
		{"GET /v2/nope", 404, "", accepts(vendor + "v2.3")},
		{"FROB /v2/nope", 501, "", nil},
		{"TRACE /v2/nope", 501, "", nil},
		{"FROB /v2/images/" + id, 405, "GET, PATCH, DELETE", nil},
		{"HEAD /v2/images/" + id, 405, "GET, PATCH, DELETE", nil},
		{"POST /v2/images/" + id, 405, "GET, PATCH, DELETE", nil},
		{"DELETE /v2/images/" + id + "/file", 405, "GET, PUT", nil},
		{"POST /v2/schemas/image", 405, "GET", nil},
		{"PUT /v2/tasks/" + id, 405, "GET, DELETE", as("admin")},
		{"DELETE /v2/tasks/" + id, 405, "GET", as("admin")},
		{"DELETE /v2/tasks/" + id, 403, "", nil},
		{"POST /v2/images/" + id + "/tasks", 404, "", nil},
		{"HEAD /v2/images/" + id + "/tasks", 404, "", nil},
		{"GET /gander", 300, "", nil},
		{"GET /gander/v2/images", 300, "", nil},
		{"GET /gander/v10", 300, "", nil},
		{"GET /gander/v1", 404, "", nil},
		{"GET /gander/v1/nope", 404, "", nil},
		{"FROB /gander/v1/nope", 501, "", nil},
		{"GET /gander/v1/%ff", 400, "", nil},
		{"POST /gander/v1/images/deleted", 405, "GET", nil},
		{"GET /gander/v1/images/" + id + "/restore", 405, "POST", nil},
		{"GET /gander/v1/images/deleted/", 404, "", nil},
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
		{"GET /images/" + id, 200, "", accepts(vendor + "v2.3")},
		{"GET /images/" + id, 300, "", accepts(vendor + "v2.99")},
		{"GET /images/" + id, 300, "", accepts(vendor + "v2.3, */*")},
		{"GET /v2/images/" + id, 200, "", accepts(vendor + "v2.3")},
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
