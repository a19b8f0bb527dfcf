//go:build cloud

package grants_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/gander-images/gander/localstack/gateway"
	"github.com/gander-images/gander/localstack/proxy"
)

// streamOfThePlatform are what a stream mapping does in its function's name; the
// gateway, which stands in for it, reads the stream with its own key.
//
// Source: AWS Lambda Developer Guide, "Using AWS Lambda with Amazon DynamoDB",
// execution role permissions.
var streamOfThePlatform = []string{
	"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams",
}

// TestGrantsAreWhatFunctionsUse plays the common and the rare ways through every
// function, each signing with its own key and held to what its role grants. In
// the end every grant of DynamoDB, S3 and Secrets Manager was used, and nothing was refused.
func TestGrantsAreWhatFunctionsUse(t *testing.T) {
	w := newWorld(t)
	w.start(func(*gateway.Config) {})
	w.mainPath()
	w.keyManager()
	w.byOperators()
	w.lockedImages()
	w.rounds()
	w.changes()
	w.rareUploads("image-data-upload", w.direct)
	w.rareUploads(dataPlane, func(method, id string, body io.Reader) (answer, error) {
		return w.ask(method, w.gateway.URL()+"/v2/images/"+id+"/file", body)
	})
	w.throughTheDataPlane()
	w.bySweeperAlone()
	w.keysBySweeperAlone()
	w.restored()
	w.byLateStreamAlone()

	for _, u := range w.proxy.Denied() {
		t.Errorf("refused: %s may not do %s on %s", u.Function, u.Action, u.Resource)
	}
	for _, line := range w.roles.Differences(w.proxy.Uses(), streamOfThePlatform...) {
		t.Error(line)
	}
}

// mainPath is what callers do every day.
func (w *world) mainPath() {
	w.t.Helper()
	for _, path := range []string{"/versions", "/v2/schemas/image", "/v2/info/import", "/v2/info/stores"} {
		if got, err := w.ask(http.MethodGet, w.gateway.URL()+path, nil); err != nil || got.status >= 400 {
			w.t.Errorf("GET %s is answered %d, %v", path, got.status, err)
		}
	}
	w.call(200, http.MethodGet, "/healthcheck", nil)
	w.call(404, http.MethodGet, "/v2/nothing", nil)
	w.call(200, http.MethodGet, "/gander/v1/health", nil, "X-Auth-Token", w.admin)
	w.call(200, http.MethodPost, "/gander/v1/policy/explain", strings.NewReader(`{"rule":"get_image","image_id":"`+w.made()+`"}`))
	ids := []string{w.made(), w.made(), w.made()}
	page := w.call(200, http.MethodGet, "/v2/images?limit=2", nil)
	if !strings.Contains(string(page.body), `"next"`) {
		w.t.Errorf("a page of two in three: %s", page.body)
	}
	w.call(200, http.MethodGet, "/v2/images?limit=2&marker="+ids[1], nil)
	for _, id := range ids {
		if got, err := w.direct(http.MethodPut, id, strings.NewReader("the bytes of "+id)); err != nil || got.status != 204 {
			w.t.Fatalf("an upload is answered %d, %v: %s", got.status, err, got.body)
		}
		w.wantBytes(w.gateway.StageURL()+"/v2/images/"+id+"/file", "the bytes of "+id)
		w.wantBytes(w.gateway.StageURL()+"/v1/images/"+id, "the bytes of "+id)
		w.call(204, http.MethodDelete, "/v2/images/"+id, nil)
	}
	w.eventually("the reaper has purged them", w.idle)
}

// changes are what callers do to an image besides: they change it, share it, and
// look at what became of it.
func (w *world) changes() {
	w.t.Helper()
	image := "/v2/images/" + w.made()
	patch := `[{"op":"replace","path":"/name","value":"renamed"},{"op":"replace","path":"/os_hidden","value":true}]`
	w.call(200, http.MethodPatch, image, strings.NewReader(patch), "Content-Type", "application/openstack-images-v2.1-json-patch")
	w.call(204, http.MethodPut, image+"/tags/new", nil)
	w.call(204, http.MethodDelete, image+"/tags/new", nil)
	w.call(200, http.MethodPost, image+"/members", strings.NewReader(`{"member":"admin"}`))
	w.call(200, http.MethodGet, image+"/members", nil)
	w.call(200, http.MethodPut, image+"/members/admin", strings.NewReader(`{"status":"accepted"}`), "X-Auth-Token", w.admin)
	w.call(200, http.MethodGet, image+"/members/admin", nil)
	w.call(204, http.MethodDelete, image+"/members/admin", nil)

	_, id, _ := strings.Cut(image, "/v2/images/")
	if got, err := w.ask(http.MethodPut, w.gateway.StageURL()+image+"/file", strings.NewReader("short"), "X-Openstack-Image-Size", "100"); err != nil || got.status != 400 {
		w.t.Fatalf("a short upload is answered %d, %v: %s", got.status, err, got.body)
	}
	var list struct{ Tasks []struct{ ID string } }
	if err := json.Unmarshal(w.call(200, http.MethodGet, image+"/tasks", nil).body, &list); err != nil || len(list.Tasks) != 1 {
		w.t.Fatalf("it leaves %+v, %v", list, err)
	}
	w.call(200, http.MethodGet, "/v2/tasks/"+list.Tasks[0].ID, nil, "X-Auth-Token", w.admin)
	if got, err := w.direct(http.MethodPut, id, strings.NewReader("whole")); err != nil || got.status != 204 {
		w.t.Fatalf("a whole upload is answered %d, %v: %s", got.status, err, got.body)
	}
	w.call(204, http.MethodPost, image+"/actions/deactivate", nil)
	w.call(204, http.MethodPost, image+"/actions/reactivate", nil)
	w.call(204, http.MethodDelete, image, nil)
	w.call(200, http.MethodGet, "/gander/v1/images/deleted", nil, "X-Auth-Token", w.admin)
	w.call(409, http.MethodPost, "/gander/v1/images/"+w.made()+"/restore", nil, "X-Auth-Token", w.admin)
	w.eventually("the reaper has purged it", w.idle)
}

// wantBytes follows the redirect of a download, by its URL alone.
func (w *world) wantBytes(url, want string) {
	w.t.Helper()
	got, err := w.ask(http.MethodGet, url, nil)
	if err != nil || got.status != http.StatusFound {
		w.t.Fatalf("a download is answered %d, %v: %s", got.status, err, got.body)
	}
	bytes, err := w.ask(http.MethodGet, got.header.Get("Location"), nil)
	if err != nil || bytes.status != 200 || string(bytes.body) != want {
		w.t.Fatalf("the URL gives %d, %v: %.200s", bytes.status, err, bytes.body)
	}
}

// rareUploads are uploads that S3 or an impatient owner disturbs, of one who
// takes them.
func (w *world) rareUploads(who string, file func(method, id string, body io.Reader) (answer, error)) {
	w.t.Helper()
	of := func(operation string) proxy.Match { return proxy.Match{Function: who, Operation: operation} }
	put := func(want int, id string) {
		w.t.Helper()
		if got, err := file(http.MethodPut, id, strings.NewReader("small")); err != nil || got.status != want {
			w.t.Errorf("%s answers an upload with %d, %v, not %d: %s", who, got.status, err, want, got.body)
		}
	}

	// The answer is lost, and the object turns out to be its own.
	id := w.made()
	lost := w.proxy.Inject(proxy.Rule{Match: of("PutObject"), Fault: proxy.AnswerLost})
	put(204, id)
	w.call(204, http.MethodDelete, "/v2/images/"+id, nil)

	// S3 never takes it, and nobody can say whether it did.
	id = w.made()
	cut := w.proxy.Inject(proxy.Rule{Match: of("PutObject"), Fault: proxy.CutBefore, Times: proxy.Always})
	put(503, id)
	cut.Remove()
	if got := w.status(id); got != "queued" {
		w.t.Errorf("the image is %s", got)
	}
	put(204, id)
	w.call(204, http.MethodDelete, "/v2/images/"+id, nil)

	// The image is deleted while its bytes are on their way.
	id = w.made()
	late := w.proxy.Inject(proxy.Rule{Match: of("PutObject"), Fault: proxy.Delayed, Delay: lease / 3})
	uploaded := make(chan struct{})
	go func() {
		defer close(uploaded)
		put(410, id)
	}()
	w.eventually("the bytes are on their way", func() bool { return late.Count() == 1 })
	w.call(204, http.MethodDelete, "/v2/images/"+id, nil)
	<-uploaded
	w.wantStruck(lost, cut, late)
}

func (w *world) wantStruck(rules ...*proxy.Injection) {
	w.t.Helper()
	for n, r := range rules {
		if r.Count() == 0 {
			w.t.Errorf("fault %d never struck", n)
		}
		r.Remove()
	}
}

// throughTheDataPlane moves large data, which functions never see.
func (w *world) throughTheDataPlane() {
	w.t.Helper()
	id, data := w.made(), large()
	stray := w.proxy.Inject(proxy.Rule{Match: proxy.Match{Function: dataPlane, Operation: "CreateMultipartUpload"}, Fault: proxy.AnswerLost})
	w.call(204, http.MethodPut, "/v2/images/"+id+"/file", bytes.NewReader(data))
	w.wantStruck(stray)
	if got := w.call(200, http.MethodGet, "/v2/images/"+id+"/file", nil); !bytes.Equal(got.body, data) {
		w.t.Errorf("the data plane gives %d other bytes", len(got.body))
	}
	w.call(204, http.MethodDelete, "/v2/images/"+id, nil)
	w.sweepUntil("nothing is left", w.idle)
}

func (w *world) sweepUntil(what string, holds func() bool) {
	w.t.Helper()
	w.eventually(what, func() bool {
		if err := w.gateway.Sweep(w.t.Context()); err != nil {
			w.t.Error(err)
		}
		return holds()
	})
}

// beginUpload sends half of a large image through the data plane. end waits until
// its sender knows that the data plane is gone.
func (w *world) beginUpload() (id string, end func()) {
	w.t.Helper()
	id = w.made()
	sent := w.proxy.Inject(proxy.Rule{Match: proxy.Match{Function: dataPlane, Operation: "UploadPart", Item: id}, Skip: 1 << 30})
	reader, writer := io.Pipe()
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		_, _ = w.ask(http.MethodPut, w.gateway.URL()+"/v2/images/"+id+"/file", reader) // it is cut
	}()
	if _, err := writer.Write(large()[:20<<20]); err != nil {
		w.t.Fatal(err)
	}
	w.eventually("a part is sent", func() bool { return sent.Seen() > 0 })
	sent.Remove()
	return id, func() {
		_ = writer.Close()
		<-answered
	}
}

// killUpload kills the data plane while it sends a large image, and returns the
// image's id.
func (w *world) killUpload() string {
	w.t.Helper()
	id, end := w.beginUpload()
	w.data.Kill()
	end()
	if got := w.status(id); got != "saving" {
		w.t.Errorf("the image of a process that is gone is %s", got)
	}
	return id
}

// bySweeperAlone has the sweeper end what a killed upload and a deletion leave,
// without a stream.
func (w *world) bySweeperAlone() {
	w.t.Helper()
	w.start(func(c *gateway.Config) { c.NoStream = true })
	gone := w.made()
	w.call(204, http.MethodPut, "/v2/images/"+gone+"/file", strings.NewReader("gone"))
	w.call(204, http.MethodDelete, "/v2/images/"+gone, nil)
	id := w.killUpload()
	w.sweepUntil("the lease has ended", func() bool { return w.status(id) == "queued" })
	w.sweepUntil("its parts are gone", w.idle)
}

// byLateStreamAlone has the reaper do the same: the stream comes when all is due.
func (w *world) byLateStreamAlone() {
	w.t.Helper()
	w.start(func(c *gateway.Config) { c.NoStream = true })
	id := w.killUpload()
	w.eventually("all of it is due", w.allDue)
	w.start(func(*gateway.Config) {})
	w.eventually("the reaper has ended the lease", func() bool { return w.status(id) == "queued" })
	w.eventually("its parts are gone", w.idle)
}
