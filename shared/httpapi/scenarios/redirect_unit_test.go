//go:build !cloud

package scenarios

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/blob"
	"github.com/gander-images/gander/shared/httpapi"
	"github.com/gander-images/gander/shared/image"
	"github.com/gander-images/gander/shared/problem"
)

// urlSecret is in every URL of a signing store.
const urlSecret = "X-Amz-Signature=5ec4e7"

// signing is a store that has URLs, and counts those that it gave away.
type signing struct {
	blob.Store
	given int
	err   error
}

func (s *signing) Presign(_ context.Context, name, version string, life time.Duration) (string, error) {
	if s.err != nil {
		return "", s.err
	}
	s.given++
	return fmt.Sprintf("https://bucket.example/%s?versionId=%s&X-Amz-Expires=%.0f&%s", name, version, life.Seconds(), urlSecret), nil
}

// newSigning is a world whose downloads are redirected.
func newSigning(t *testing.T) (*inside, *signing) {
	t.Helper()
	w := newInside(t)
	s := &signing{Store: w.blobs}
	w.services.Images.Stores[0].Blobs = s
	w.services.Redirect = true
	return w, s
}

// A download by redirect: an absolute URL of these very bytes, and nothing else.
func TestDownloadByRedirect(t *testing.T) {
	w, s := newSigning(t)
	id := w.filled("0123456789")
	for name, options := range map[string][]option{
		"whole":        nil,
		"range":        {header("Range", "bytes=2-4")},
		"open range":   {header("Range", "bytes=2-")},
		"last bytes":   {header("Range", "bytes=-3")},
		"more than is": {header("Range", "bytes=2-99")},
	} {
		s.given = 0
		got := w.call("GET /v2/images/"+id+"/file", append(options, named(name))...).want(http.StatusFound).is("").
			has("Content-Length", "0").has("Cache-Control", "no-store").
			has("Content-Type", "").has("Content-Md5", "").has("Content-Range", "").has("Accept-Ranges", "")
		to := got.header.Get("Location")
		if !strings.HasPrefix(to, "https://bucket.example/images/"+id+"/") || !strings.Contains(to, "X-Amz-Expires=300&") || strings.Contains(to, "versionId=&") {
			t.Errorf("%s: the location is %q", name, to)
		}
		if s.given != 1 {
			t.Errorf("%s: %d URLs were made", name, s.given)
		}
	}
}

// No URL is made for whoever may not have the bytes, or asks for none that exist.
func TestNoURLBeforeItsTime(t *testing.T) {
	w, s := newSigning(t)
	id, empty, queued := w.filled("0123456789"), w.filled(""), w.made(bootable)
	file := func(id string) string { return "GET /v2/images/" + id + "/file" }
	w.call(file(id), without("X-Auth-Token")).want(401)
	w.call(file(id), as("other")).want(404)
	w.call(file(id), as("reader")).want(403)
	w.call(file(queued)).want(204)
	w.call(file(empty)).want(200).is("").has("Content-Length", "0").has("Content-Md5", "d41d8cd98f00b204e9800998ecf8427e")
	w.call(file(empty), header("Range", "bytes=0-")).want(416)
	w.call(file(id), header("Range", "bytes=10-")).want(416).has("Content-Range", "bytes */10")
	w.call(file(id), header("Range", "bytes=0-1,4-5")).want(400)
	w.setStatus(id, image.Deactivated)
	w.call(file(id)).want(403).says("deactivated")
	if s.given != 0 {
		t.Errorf("%d URLs were made", s.given)
	}
	w.call(file(id), as("admin")).want(302)
}

// Ranges that no other server reads as we do are answered here.
func TestLenientRangesAreNotRedirected(t *testing.T) {
	w, s := newSigning(t)
	id := w.filled("0123456789")
	for _, c := range []struct{ name, value, want string }{
		{"Content-Range", "bytes 3-4/*", "34"},
		{"Range", "BYTES = 3 - 4", "34"},
		{"Range", "bytes=3-99999999999999999999", "3456789"},
	} {
		w.call("GET /v2/images/"+id+"/file", header(c.name, c.value), named(c.value)).want(206).is(c.want)
	}
	w.call("GET /v2/images/"+id+"/file", header("Range", "bytes=3-4"), header("Content-Range", "bytes 7-8/*")).want(302)
	if s.given != 1 {
		t.Errorf("%d URLs were made", s.given)
	}
}

// A store without URLs gives the bytes, whatever was asked for.
func TestRedirectNeedsAStoreThatCan(t *testing.T) {
	w := newInside(t)
	w.services.Redirect = true
	w.call("GET /v2/images/" + w.filled("abc") + "/file").want(200).is("abc")
	w, _ = newSigning(t)
	w.services.Redirect = false
	w.call("GET /v2/images/" + w.filled("abc") + "/file").want(200).is("abc")
}

// P13: a URL that opens an image is in one header of one answer, and nowhere else.
func TestP13URLsOfDataStayOutOfLogs(t *testing.T) {
	w, s := newSigning(t)
	id := w.filled("0123456789")
	got := w.call("GET /v2/images/"+id+"/file", asked("req-sent")).want(302)
	if n := strings.Count(fmt.Sprint(got.header)+string(got.body), urlSecret); n != 1 {
		t.Errorf("the answer names the URL %d times: %v", n, got.header)
	}
	if line := w.line("req-sent"); line["status"] != 302.0 || line["bytes"] != 0.0 {
		t.Errorf("logged %v", line)
	}
	s.err = problem.New(problem.Unavailable, "The image store is not available. Try again.")
	w.call("GET /v2/images/"+id+"/file", asked("req-failed")).want(503).has("Location", "")
	if line := w.line("req-failed"); line["level"] != "ERROR" {
		t.Errorf("logged %v", line)
	}
	if strings.Contains(w.logged(), urlSecret) || strings.Contains(w.logged(), "bucket.example") {
		t.Errorf("the log tells a URL:\n%s", w.logged())
	}
}

// What an invocation has no time for is told as such, for clients to try again.
func TestOutOfTime(t *testing.T) {
	w := newInside(t)
	w.handler = httpapi.Handler([]httpapi.Operation{{
		Name: "image-show", Methods: []string{"GET"}, Paths: []string{"/v2/images/{image_id}"}, Public: true,
		Serve: func(ctx context.Context, _ *httpapi.Services, _ *httpapi.Request) (*httpapi.Response, error) {
			<-ctx.Done()
			return nil, fmt.Errorf("reading the record: %w", ctx.Err())
		},
	}}, w.services)
	within := w.handler
	w.handler = http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), time.Millisecond)
		defer cancel()
		within.ServeHTTP(out, r.WithContext(ctx))
	})
	w.call("GET /v2/images/x", asked("req-late")).want(503).says("ran out of time").has("X-Openstack-Request-Id", "req-late")
	if cause, _ := w.line("req-late")["error"].(string); !strings.Contains(cause, "reading the record") {
		t.Errorf("logged %q", cause)
	}
}

// A process that serves nothing behind a token has no way to read one.
func TestTokensWhereNobodyReadsThem(t *testing.T) {
	w := newInside(t)
	w.services.Identity = nil
	w.handler = httpapi.Handler([]httpapi.Operation{httpapi.Healthcheck}, w.services)
	w.call("GET /healthcheck").want(200)
	w.call("GET /v2/images").want(404)
	w.call("GET /v2/images", without("X-Auth-Token")).want(401)
}
