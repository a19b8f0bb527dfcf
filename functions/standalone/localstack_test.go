//go:build localstack && clients

package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// localState is where "make local-up" keeps what it made.
const localState = "../../.localstack"

// TestLocalStack meets template.yaml as LocalStack runs it. Its parts share one
// deployment and come in this order: the last looks at what the others left in
// the logs.
func TestLocalStack(t *testing.T) {
	for _, part := range []struct {
		name string
		test func(*testing.T)
	}{
		{"FirstSession", testLocalFirstSession},
		{"LifeOfAnImage", testLocalLife},
		{"Changes", testLocalChanges},
		{"Afterwards", testLocalAfterwards},
		{"Keys", testLocalKeys},
		{"Discovery", testLocalDiscovery},
		{"Routes", testLocalRoutes},
		{"TooLarge", testLocalTooLarge},
		{"AtOnce", testLocalAtOnce},
		{"ReaperPurges", testLocalReaper},
		{"DeadLetters", testLocalDeadLetters},
		{"SweeperPurges", testLocalSweeper},
		{"EveryFunctionWorked", testLocalEveryFunction},
	} {
		t.Run(part.name, part.test)
	}
}

// deployed is the service behind LocalStack's gateway.
func deployed(t *testing.T) *service {
	t.Helper()
	data, err := filepath.Abs(filepath.Join(localState, "identity"))
	if err != nil {
		t.Fatal(err)
	}
	endpoint := os.Getenv("GANDER_LOCAL_ENDPOINT")
	if endpoint == "" {
		t.Fatal("GANDER_LOCAL_ENDPOINT is not set; make local-test sets it")
	}
	return &service{t: t, data: data, url: endpoint}
}

// testLocalFirstSession runs what README.md tells a newcomer to paste.
func testLocalFirstSession(t *testing.T) {
	script := writeFirstSession(t, firstSession(t))
	s := deployed(t)
	before := s.as("gander-admin").count()
	t.Logf("%s", s.terminal("gander").run("sh "+script))
	if n := s.as("gander-admin").count(); n != before {
		t.Errorf("the first session leaves %d images", n-before)
	}
}

// uploaded makes an image with these bytes.
func (u *user) uploaded(data []byte) string {
	u.t.Helper()
	id := u.create("deployed")
	u.call("PUT /v2/images/"+id+"/file", bytes.NewReader(data)).want(http.StatusNoContent)
	return id
}

func testLocalLife(t *testing.T) {
	u := deployed(t).as("gander")
	u.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	data := noise(3 << 20)
	id := u.uploaded(data)
	image := u.call("GET /v2/images/"+id, nil).want(http.StatusOK).image()
	if image["status"] != "active" || image["size"] != float64(len(data)) {
		t.Errorf("after the upload the image is %v", image)
	}
	if list := u.call("GET /v2/images?limit=1000", nil).want(http.StatusOK); !strings.Contains(string(list.body), id) {
		t.Errorf("the list has no %s: %s", id, list.body)
	}
	redirected(t, u, id, data)
	u.call("GET /v2/images/"+id+"/file", nil, fmt.Sprintf("Range: bytes=%d-", len(data))).want(http.StatusRequestedRangeNotSatisfiable)
	u.call("PUT /v2/images/"+id+"/file", strings.NewReader("again")).want(http.StatusConflict)
	u.call("DELETE /v2/images/"+id, nil).want(http.StatusNoContent)
	u.call("GET /v2/images/"+id, nil).want(http.StatusNotFound)
	u.call("GET /v2/images/"+id+"/file", nil).want(http.StatusNotFound)

	empty := u.uploaded(nil)
	if a := u.call("GET /v2/images/"+empty+"/file", nil).want(http.StatusOK); len(a.body) != 0 {
		t.Errorf("an empty image has %d bytes", len(a.body))
	}
	u.call("DELETE /v2/images/"+empty, nil).want(http.StatusNoContent)
}

// redirected follows a download to the store, which wants no token and takes no
// URL that was changed.
func redirected(t *testing.T, u *user, id string, data []byte) {
	t.Helper()
	found := u.call("GET /v2/images/"+id+"/file", nil).want(http.StatusFound)
	location, err := url.Parse(found.header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	query := location.Query()
	if query.Get("versionId") == "" || query.Get("response-content-type") != "application/octet-stream" {
		t.Errorf("the download's URL names %v", query["versionId"])
	}
	store := &user{t: t, url: "http://" + location.Host, http: u.http}
	if got := store.call("GET "+location.RequestURI(), nil).want(http.StatusOK); !bytes.Equal(got.body, data) {
		t.Errorf("the store sends %d bytes, which are not the %d that were uploaded", len(got.body), len(data))
	}
	part := store.call("GET "+location.RequestURI(), nil, "Range: bytes=100-199").want(http.StatusPartialContent)
	if !bytes.Equal(part.body, data[100:200]) {
		t.Error("the store sends another range than the one asked for")
	}
	query.Set("response-content-type", "text/html")
	store.call("GET "+location.Path+"?"+query.Encode(), nil).want(http.StatusForbidden)
}

// testLocalDiscovery calls what needs no image.
func testLocalDiscovery(t *testing.T) {
	u := deployed(t).as("gander")
	for path, word := range map[string]string{
		"/healthcheck": "OK", "/v2/schemas/image": `"properties"`, "/v2/schemas/images": `"images"`,
		"/v2/info/import": "import-methods", "/v2/info/stores": `"stores"`,
	} {
		if a := u.call("GET "+path, nil).want(http.StatusOK); !strings.Contains(string(a.body), word) {
			t.Errorf("%s is answered without %q: %s", path, word, a.body)
		}
	}
	deployed(t).as("gander-admin").call("GET /v2/info/stores/detail", nil).want(http.StatusOK)
	own := u.url + "/v2/"
	for path, status := range map[string]int{"/": http.StatusMultipleChoices, "/versions": http.StatusOK} {
		if a := u.call("GET "+path, nil).want(status); !strings.Contains(string(a.body), own) {
			t.Errorf("%s does not name %s: %s", path, own, a.body)
		}
	}
}

// testLocalRoutes calls what no operation serves: the fallback answers, and
// where LocalStack itself does, docs/emulators.md says so.
func testLocalRoutes(t *testing.T) {
	u := deployed(t).as("gander")
	u.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	for line, status := range map[string]int{
		"GET /v2/images/":                             http.StatusNotFound,
		"GET /v2/absent":                              http.StatusNotFound,
		"GET /v2/images/a/b/c":                        http.StatusNotFound,
		"GET /v2/images/a%2Fb":                        http.StatusNotFound,
		"DELETE /v2/images":                           http.StatusMethodNotAllowed,
		"HEAD /v2/images":                             http.StatusMethodNotAllowed,
		"PUT /v2/images/" + tooManyZeros:              http.StatusMethodNotAllowed,
		"POST /v2/images/" + tooManyZeros + "/tags/t": http.StatusMethodNotAllowed,
		"GET /gander/v1/absent":                       http.StatusNotFound,
		"POST /v2/images/" + tooManyZeros + "/file":   http.StatusMethodNotAllowed,

		"GET /v3": http.StatusMultipleChoices,
		// LocalStack's own; AWS sends the template's 501.
		"INVENTED /v2/images": http.StatusForbidden,
	} {
		a := u.call(line, nil)
		if a.status != status {
			t.Errorf("%s is answered %d, want %d: %s", line, a.status, status, a.body)
		}
		if status == http.StatusMethodNotAllowed && a.header.Get("Allow") == "" {
			t.Errorf("%s is answered without Allow", line)
		}
	}
}

const tooManyZeros = "00000000-0000-4000-8000-000000000000"

// testLocalTooLarge sends more than a function takes; the image can still be
// filled by other means.
func testLocalTooLarge(t *testing.T) {
	u := deployed(t).as("gander")
	id := u.create("large")
	u.call("PUT /v2/images/"+id+"/file", bytes.NewReader(noise(5<<20))).want(http.StatusRequestEntityTooLarge)
	if image := u.call("GET /v2/images/"+id, nil).want(http.StatusOK).image(); image["status"] != "queued" {
		t.Errorf("after an upload that was refused the image is %v", image["status"])
	}
	u.call("PUT /v2/images/"+id+"/file", bytes.NewReader(noise(4<<20))).want(http.StatusNoContent)
	u.call("DELETE /v2/images/"+id, nil).want(http.StatusNoContent)
}

// testLocalAtOnce has as many environments of one function work at a time.
func testLocalAtOnce(t *testing.T) {
	u := deployed(t).as("gander")
	const callers = 6
	ids := make(chan string, callers)
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			a, err := u.try("POST /v2/images", strings.NewReader(`{"disk_format": "raw", "container_format": "bare"}`))
			if err != nil || a.status != http.StatusCreated {
				t.Errorf("one of %d that create at once: %v, %v", callers, a, err)
				return
			}
			ids <- a.image()["id"].(string)
		})
	}
	all.Wait()
	close(ids)
	for id := range ids {
		u.call("DELETE /v2/images/"+id, nil).want(http.StatusNoContent)
	}
	if streams := logStreams(t, "ImageCreateFunction"); len(streams) < 2 {
		t.Errorf("%d at once were served by %d environment", callers, len(streams))
	}
}

// testLocalReaper has the stream bring a deletion to the reaper, well before
// the sweeper would come by.
func testLocalReaper(t *testing.T) {
	purgeAtOnce(t)
	u := deployed(t).as("gander")
	for attempt := range 3 { // the sweeper's minute may end just now
		id := u.uploaded(noise(100))
		wantObjects(t, id, 1)
		swept := len(reports(t, "SweeperFunction"))
		u.call("DELETE /v2/images/"+id, nil).want(http.StatusNoContent)
		eventually(t, 30*time.Second, "the reaper purges "+id, func() bool { return objects(t, id) == 0 })
		if len(reports(t, "SweeperFunction")) == swept {
			return
		}
		t.Logf("attempt %d: the sweeper came first, or at once", attempt)
	}
	t.Error("the reaper never came before the sweeper")
}

// testLocalSweeper cuts the stream off: the sweeper does the reaper's work.
func testLocalSweeper(t *testing.T) {
	purgeAtOnce(t)
	u := deployed(t).as("gander")
	setMapping(t, false)
	defer setMapping(t, true)
	id := u.uploaded(noise(100))
	u.call("DELETE /v2/images/"+id, nil).want(http.StatusNoContent)
	eventually(t, 150*time.Second, "the sweeper purges "+id, func() bool { return objects(t, id) == 0 })
}

// testLocalEveryFunction wants a request answered well, or an event taken, in
// the log of each function.
func testLocalEveryFunction(t *testing.T) {
	folders, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	worked := workedFunctions(t)
	for _, folder := range folders {
		name := folder.Name()
		if name == "authorizer" {
			continue // the stack has none, unless it is asked for
		}
		if name != "standalone" && !worked[name] {
			t.Errorf("no log shows that %s worked", name)
		}
	}
}
