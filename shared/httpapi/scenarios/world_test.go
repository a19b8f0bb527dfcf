package scenarios

import (
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/gander-images/gander/shared/blob"
	"github.com/gander-images/gander/shared/image/imagetest"
	"github.com/gander-images/gander/shared/table"
)

// Scenarios speak to a world, and see no more of the service than callers do.
// They run on two mixes: over the local adapters, within the test's process;
// and, with the tag cloud, through the gateway into the functions' own
// processes. What reaches into the service is no scenario: it stands in files
// named *_unit_test.go and runs on the local mix alone.

// A world is the service as callers meet it, with nothing in it yet.
type world struct {
	*mix
	t testing.TB
}

// A mix is what a world runs on.
type mix struct {
	url    *url.URL // where the API is reached; no final slash
	client *http.Client
	store  string // the id of the store that uploads go to
	table  table.Table
	source imagetest.Source // the table, to be read whole
	blobs  blob.Store
	logged func() string // what the service wrote to its log so far
	sweep  func() error  // does what is due, as the timer would let it

	// differs returns what something between caller and service makes of a
	// call; nil: nothing.
	differs func(call string) *difference
}

// newWorld starts the service on the mix that the tests are built for, with
// settings, "GANDER_IMAGE_SIZE_CAP=100", where the usual ones will not do.
func newWorld(t testing.TB, settings ...string) *world {
	t.Helper()
	w := &world{mix: openMix(t, settings), t: t}
	t.Cleanup(w.audit)
	return w
}

// audit looks for what a scenario leaves behind: bytes and entries of nobody,
// records without theirs, and secrets in the log.
func (w *world) audit() {
	log := w.logged()
	for name := range people {
		if strings.Contains(log, tokenOf(name)) {
			w.t.Errorf("the log has the token of %s", name)
		}
	}
	for _, mark := range []string{payloadMark, base64.StdEncoding.EncodeToString([]byte(payloadMark))} {
		if strings.Contains(log, mark) {
			w.t.Error("the log has the payload of a secret")
		}
	}
	if strings.Contains(log, "X-Amz-Signature") {
		w.t.Error("the log has a signed URL")
	}
	for _, fault := range w.stored().Faults() {
		w.t.Error(fault)
	}
}

// payloadMark begins the payloads of secrets: what the log must never have. Its length
// is a multiple of three, so that base64 writes it the same whatever follows.
const payloadMark = "the-value-of-a-secret"

// publicEndpoint begins the absolute URLs in answers, wherever the service is.
const publicEndpoint = "https://image.example/base"

// call makes one request, as the member unless an option says otherwise.
func (w *world) call(line string, options ...option) *answer {
	w.t.Helper()
	method, path, _ := strings.Cut(line, " ")
	r, err := http.NewRequest(method, "http://service"+path, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	as("member")(r)
	for _, o := range options {
		o(r)
	}
	if name, ok := r.Context().Value(callName{}).(string); ok {
		line += " (" + name + ")"
	}
	w.aim(r.URL)
	response, err := w.client.Do(r)
	if err != nil {
		w.t.Fatalf("%s: %v", line, err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatalf("%s: %v", line, err)
	}
	a := &answer{t: w.t, line: line, status: response.StatusCode, header: response.Header, body: content}
	if w.differs != nil {
		a.differs = w.differs(line)
	}
	if a.differs != nil {
		a.differs.check(a)
	}
	return a
}

// aim turns a URL that has a path alone into one at the mix.
func (m *mix) aim(u *url.URL) {
	u.Scheme, u.Host = m.url.Scheme, m.url.Host
	if u.RawPath != "" {
		u.RawPath = m.url.EscapedPath() + u.RawPath
	}
	u.Path = m.url.Path + u.Path
}

// refused makes a request that must change nothing that is stored.
func (w *world) refused(line string, options ...option) *answer {
	w.t.Helper()
	before := w.stored()
	got := w.call(line, options...)
	if after := w.stored(); !reflect.DeepEqual(before, after) {
		w.t.Errorf("%s: answered %d, and changed what is stored:\nbefore %v\nafter  %v", line, got.status, before.Items, after.Items)
	}
	return got
}

func (w *world) stored() *imagetest.World {
	w.t.Helper()
	stored, err := imagetest.Read(context.Background(), w.source, map[string]blob.Store{w.store: w.blobs})
	if err != nil {
		w.t.Fatal(err)
	}
	return stored
}

// made creates an image, and returns its id.
func (w *world) made(properties string, options ...option) string {
	w.t.Helper()
	var shown struct{ ID string }
	w.call("POST /v2/images", append([]option{body(properties)}, options...)...).want(201).into(&shown)
	return shown.ID
}

const bootable = `{"disk_format":"raw","container_format":"bare"}`

// filled creates an image with data.
func (w *world) filled(data string) string {
	w.t.Helper()
	id := w.made(bootable)
	w.call("PUT /v2/images/"+id+"/file", octets(data)).want(204)
	return id
}
