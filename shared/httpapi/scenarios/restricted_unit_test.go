//go:build !cloud

package scenarios

import (
	"net/http"
	"strings"
	"testing"
)

// Where the bytes are given by a URL, there is none before the decision: the same
// table holds, and who is refused gets none made.
func TestRestrictedByRedirect(t *testing.T) {
	file := fileOf(t, "policy.yaml", shipped(t, ""))
	w, s := newSigning(t)
	w.set("GANDER_POLICY_FILE=" + file)
	images := w.owned(w.coded())
	w.holdTable(tableOfComposition, images)
	s.given = 0
	for _, who := range []string{"member", "reader", "nobody", "service"} {
		want := "403"
		if who == "nobody" {
			want = "404"
		}
		w.taken(images["the code"], "no URL", who, want)
	}
	if s.given != 0 {
		t.Errorf("%d URLs were made for who is refused", s.given)
	}
	w.taken(images["the code"], "a URL", "admin", "yes")
	if s.given == 0 {
		t.Error("nobody is redirected")
	}
}

// A redirect in the form of v1 says of the image all that the answer itself would.
func TestV1DownloadByRedirect(t *testing.T) {
	w, s := newSigning(t)
	id, empty := w.filled("0123456789"), w.filled("")
	for name, options := range map[string][]option{"whole": nil, "range": {header("Range", "bytes=2-4")}} {
		got := w.call("GET /v1/images/"+id, append(options, named(name))...).want(http.StatusFound).is("").
			has("Content-Length", "0").has("Cache-Control", "no-store").has("Content-Type", "").has("Content-Md5", "").
			has("X-Image-Meta-Id", id).has("X-Image-Meta-Size", "10").has("Etag", "781e5e245d69b566979b86e28d23f2c7")
		if to := got.header.Get("Location"); !strings.HasPrefix(to, "https://bucket.example/images/"+id+"/") || len(got.header.Values("Location")) != 1 {
			t.Errorf("%s: the location is %q", name, got.header.Values("Location"))
		}
	}
	if s.given != 2 {
		t.Errorf("%d URLs were made", s.given)
	}
	w.call("HEAD /v1/images/"+id).want(200).has("Location", publicEndpoint+"/v1/images/"+id)
	w.call("GET /v1/images/"+empty).want(200).is("").has("Content-Length", "0")
	w.call("GET /v1/images/"+id, as("reader")).want(403)
	if s.given != 2 {
		t.Errorf("%d URLs were made", s.given)
	}
	if strings.Contains(w.logged(), urlSecret) {
		t.Errorf("the log tells a URL:\n%s", w.logged())
	}
}
