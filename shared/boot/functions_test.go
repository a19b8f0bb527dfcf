package boot

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/boot/event"
	"github.com/gander-images/gander/shared/boot/runtimetest"
	"github.com/gander-images/gander/shared/httpapi"
	"github.com/gander-images/gander/shared/identity/development"
	"github.com/gander-images/gander/shared/image"
	"github.com/gander-images/gander/shared/table"
	"github.com/gander-images/gander/shared/table/bolt"
)

// built is the folder with every compiled function, once a test wants one.
var built string

// bootstraps builds them all, once.
var bootstraps = sync.OnceValues(func() (string, error) {
	folder, err := os.MkdirTemp("", "bootstraps")
	if err != nil {
		return "", err
	}
	built = folder
	build := exec.Command("go", "build", "-tags", "lambda.norpc,nethttpomithttp2", "-o", folder+string(filepath.Separator), "../../functions/...")
	if output, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the functions: %w\n%s", err, output)
	}
	return folder, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if built != "" {
		_ = os.RemoveAll(built)
	}
	os.Exit(code)
}

const publicEndpoint = "https://images.example.org"

// An installation is a data folder with users, in which functions are started one
// after the other.
type installation struct {
	t      *testing.T
	data   string
	tokens map[string]string // by cloud
}

func deploy(t *testing.T) *installation {
	t.Helper()
	d := &installation{t: t, data: t.TempDir(), tokens: map[string]string{}}
	local, err := development.Open(d.data, development.Options{Endpoint: publicEndpoint})
	if err != nil {
		t.Fatal(err)
	}
	defer local.Close()
	for _, name := range []string{"gander", "gander-admin", "gander-other", "gander-reader"} {
		w := httptest.NewRecorder()
		local.Handler().ServeHTTP(w, cloud(t, d.data, name).tokenRequest(t))
		if w.Code != http.StatusCreated {
			t.Fatalf("logging in as %s: %d %s", name, w.Code, w.Body)
		}
		d.tokens[name] = w.Header().Get("X-Subject-Token")
	}
	return d
}

// start runs a function as a Lambda.
func (d *installation) start(name string, environ ...string) *runtimetest.Function {
	d.t.Helper()
	return d.startLogged(name, io.Discard, environ...)
}

// startLogged is start with the function's log.
func (d *installation) startLogged(name string, logs io.Writer, environ ...string) *runtimetest.Function {
	d.t.Helper()
	folder, err := bootstraps()
	if err != nil {
		d.t.Fatal(err)
	}
	command := exec.Command(filepath.Join(folder, name))
	command.Env = append(append(ofFolder(d.data), "GANDER_PUBLIC_ENDPOINT="+publicEndpoint), environ...)
	command.Stderr = logs
	f, err := runtimetest.Start(command, longWait)
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(f.Stop)
	return f
}

// feed starts a function, hands it one event and stops it.
func (d *installation) feed(name string, payload []byte, environ ...string) runtimetest.Outcome {
	d.t.Helper()
	f := d.start(name, environ...)
	defer f.Stop()
	return invokeFunction(d.t, f, payload)
}

func invokeFunction(t *testing.T, f *runtimetest.Function, payload []byte) runtimetest.Outcome {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), longWait)
	defer cancel()
	o, err := f.Invoke(ctx, payload)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// recorded is a function's recorded event, with a token that is good here.
func (d *installation) recorded(name, as string) []byte {
	d.t.Helper()
	payload, err := os.ReadFile("../../events/" + name + ".json")
	if err != nil {
		d.t.Fatal(err)
	}
	return bytes.ReplaceAll(payload, []byte(`"TOKEN"`), []byte(`"`+d.tokens[as]+`"`))
}

// A gatewayAnswer is what a function gives back to a gateway of either kind.
type gatewayAnswer struct {
	StatusCode        int
	Headers           map[string]string
	MultiValueHeaders http.Header
	Body              string
	IsBase64Encoded   bool
}

func parseAnswer(t *testing.T, name string, o runtimetest.Outcome) gatewayAnswer {
	t.Helper()
	var a gatewayAnswer
	if err := json.Unmarshal(o.Payload, &a); o.Failed || err != nil {
		t.Fatalf("%s: %s, %v", name, o.Payload, err)
	}
	for key, value := range a.Headers {
		if a.MultiValueHeaders == nil {
			a.MultiValueHeaders = http.Header{}
		}
		a.MultiValueHeaders.Set(key, value)
	}
	return a
}

func (a gatewayAnswer) body(t *testing.T) string {
	t.Helper()
	if !a.IsBase64Encoded {
		return a.Body
	}
	body, err := base64.StdEncoding.DecodeString(a.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// TestFunctionsAnswerTheirEvents starts every compiled function under a Runtime
// API and feeds it its event, in the order of an image's life.
func TestFunctionsAnswerTheirEvents(t *testing.T) {
	d := deploy(t)
	const id = "2f9c1d3e-7a54-4b0e-9d61-0c8f5e3b7a10" // in the events
	fed := map[string]bool{}
	for _, step := range []struct {
		function, as string
		status       int
		body         string // is in the answer
		header       string // "Name: value" of the answer
	}{
		{"version-list", "", 300, publicEndpoint + "/v2/", ""},
		{"healthcheck", "", 200, "OK", "Content-Type: text/plain; charset=UTF-8"},
		{"image-create", "gander", 201, `"cirros ä"`, "Location: " + publicEndpoint + "/v2/images/" + id},
		{"image-list", "gander", 200, id, "Content-Type: application/json"},
		{"image-show", "gander", 200, `"queued"`, ""},
		{"image-data-upload", "gander", 204, "", ""},
		{"image-data-download", "gander", 206, "\x00\xff\x80\n", "Content-Type: application/octet-stream"},
		{"schema-show", "gander", 200, `"os_hash_algo"`, ""},
		{"info-import", "gander", 200, `"import-methods"`, ""},
		{"info-stores", "gander", 200, `"local"`, ""},
		{"info-stores-detail", "gander-admin", 200, `"weight"`, ""},
		{"fallback", "gander", 405, "not allowed", "Allow: GET, DELETE"},
		{"image-delete", "gander", 204, "", ""},
		{"reaper", "", 0, `{"batchItemFailures":[]}`, ""},
		{"sweeper", "", 0, "null", ""},
	} {
		fed[step.function] = true
		o := d.feed(step.function, d.recorded(step.function, step.as))
		if step.status == 0 {
			if o.Failed || string(o.Payload) != step.body {
				t.Errorf("%s: %s", step.function, o.Payload)
			}
			continue
		}
		a := parseAnswer(t, step.function, o)
		name, value, _ := strings.Cut(step.header, ": ")
		if a.StatusCode != step.status || !strings.Contains(a.body(t), step.body) || a.MultiValueHeaders.Get(name) != value {
			t.Errorf("%s: %s", step.function, o.Payload)
		}
		if !strings.HasPrefix(a.MultiValueHeaders.Get("X-Openstack-Request-Id"), "req-") {
			t.Errorf("%s: no request id", step.function)
		}
	}
	for _, f := range functions() {
		if !fed[f.name] {
			t.Errorf("%s was not fed its event", f.name)
		}
	}
}

// TestConsumersRemoveDeletedImages makes a deletion due at once, and lets the
// reaper do one by the table's real change, the sweeper another by its timer.
func TestConsumersRemoveDeletedImages(t *testing.T) {
	d := deploy(t)
	const id = "2f9c1d3e-7a54-4b0e-9d61-0c8f5e3b7a10"
	for _, consumer := range []string{"reaper", "sweeper"} {
		own := strings.Replace(id, "2f9c1d3e", map[string]string{"reaper": "aaaaaaaa", "sweeper": "bbbbbbbb"}[consumer], 1)
		for _, f := range []string{"image-create", "image-data-upload", "image-delete"} {
			payload := bytes.ReplaceAll(d.recorded(f, "gander"), []byte(id), []byte(own))
			if a := parseAnswer(t, f, d.feed(f, payload, "GANDER_RETENTION=0s")); a.StatusCode/100 != 2 {
				t.Fatalf("%s: %+v", f, a)
			}
		}
		if n := d.files("images/objects"); n != 1 {
			t.Fatalf("%d objects before the %s", n, consumer)
		}
		payload := d.recorded(consumer, "")
		if consumer == "reaper" {
			payload = d.streamOf(own)
		}
		if o := d.feed(consumer, payload); o.Failed {
			t.Fatalf("%s: %s", consumer, o.Payload)
		}
		if n := d.files("images"); n > 1 { // the lock of the folder
			t.Errorf("the %s left %d files", consumer, n)
		}
	}
}

// files counts the files below a folder.
func (d *installation) files(folder string) int {
	d.t.Helper()
	n := 0
	err := filepath.WalkDir(filepath.Join(d.data, folder), func(_ string, e os.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			n++
		}
		return err
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return n
}

// streamOf is the stream's event about the due entry that a deletion wrote.
func (d *installation) streamOf(id string) []byte {
	d.t.Helper()
	open, err := bolt.Open(filepath.Join(d.data, "table.db"))
	if err != nil {
		d.t.Fatal(err)
	}
	defer open.Close()
	page, err := open.Query(d.t.Context(), table.Query{Partition: "due#" + image.PurgeKind + "#0", Limit: 10})
	if err != nil {
		d.t.Fatal(err)
	}
	at := slices.IndexFunc(page.Items, func(i table.Item) bool { return strings.HasSuffix(i.Sort, id) })
	if at < 0 {
		d.t.Fatalf("no purge of %s is due: %v", id, page.Items)
	}
	type m = map[string]any
	item := page.Items[at]
	payload, err := json.Marshal(m{"Records": []m{{"eventSource": "aws:dynamodb", "dynamodb": m{
		"SequenceNumber": "1", "NewImage": m{
			"pk": m{"S": item.Partition}, "sk": m{"S": item.Sort}, "rev": m{"N": "1"}, "v": m{"N": "1"}, "d": m{"B": item.Body},
		},
	}}}})
	if err != nil {
		d.t.Fatal(err)
	}
	return payload
}

// TestP14FunctionsReportBadConfiguration holds promise P14 for Lambdas: each says
// in one message why there will be no function, and ends. Those that keep nothing
// do not mind what a mix lacks.
func TestP14FunctionsReportBadConfiguration(t *testing.T) {
	d := deploy(t)
	for _, f := range functions() {
		run := d.start(f.name, "GANDER_LOG_LEVEL=loud", "GANDER_TABEL=t", "GANDER_BUCKET=bytes")
		o := invokeFunction(t, run, nil)
		<-run.Exited()
		wanted := []string{`GANDER_LOG_LEVEL: "loud"`, "GANDER_TABEL: there is no such setting; GANDER_TABLE"}
		if f.needs&(tableNeeds|bytesNeeds) != 0 {
			wanted = append(wanted, "GANDER_TABLE: it is missing beside GANDER_BUCKET", "GANDER_DATA: it is the local mix",
				"AWS_REGION: it is missing", "AWS_ACCESS_KEY_ID: it is missing")
			if f.needs&httpapi.Tokens != 0 {
				wanted = append(wanted, "GANDER_DEVELOPMENT_KEY: it is missing; the cloud mix")
			}
		}
		for _, want := range append(wanted, fmt.Sprintf("%d settings are wrong", len(wanted))) {
			if !strings.Contains(o.Message(), want) {
				t.Errorf("%s: %q is not in %q", f.name, want, o.Message())
			}
		}
		if !o.Init || o.ErrorType != "Runtime.BadConfiguration" {
			t.Errorf("%s: %+v", f.name, o)
		}
	}
}

// TestFunctionsReportWhatTheyCannotOpen: also what the settings cannot tell is
// reported before the first event.
func TestFunctionsReportWhatTheyCannotOpen(t *testing.T) {
	d := deploy(t)
	first := d.start("image-show")
	<-first.Polled
	second := d.start("image-list")
	if o := invokeFunction(t, second, nil); !o.Init || !strings.Contains(o.Message(), "another process") {
		t.Errorf("%+v", o)
	}
}

// TestFunctionsSurviveUnknownEvents: an event that is none of theirs is an error
// of that invocation alone.
func TestFunctionsSurviveUnknownEvents(t *testing.T) {
	d := deploy(t)
	for name, foreign := range map[string]string{"image-list": "sweeper", "reaper": "image-list", "sweeper": "reaper"} {
		f := d.start(name)
		if o := invokeFunction(t, f, d.recorded(foreign, "gander")); !o.Failed || o.Init || !strings.Contains(o.Message(), "this is not") {
			t.Errorf("%s, fed %s: %s", name, foreign, o.Payload)
		}
		if o := invokeFunction(t, f, d.recorded(name, "gander")); o.Failed {
			t.Errorf("%s, fed its own: %s", name, o.Payload)
		}
		f.Stop()
	}
}

// TestBothDoorsAnswerAlike sends the recorded requests to the same function as a
// Lambda and over plain HTTP.
func TestBothDoorsAnswerAlike(t *testing.T) {
	d := deploy(t)
	if a := parseAnswer(t, "image-create", d.feed("image-create", d.recorded("image-create", "gander"))); a.StatusCode != 201 {
		t.Fatal(a)
	}
	if a := parseAnswer(t, "image-data-upload", d.feed("image-data-upload", d.recorded("image-data-upload", "gander"))); a.StatusCode != 204 {
		t.Fatal(a)
	}
	for _, name := range []string{"version-list", "image-show", "image-list", "image-data-download", "schema-show", "info-stores", "fallback"} {
		payload := d.recorded(name, "gander")
		lambda := parseAnswer(t, name, d.feed(name, payload))
		plain := d.overHTTP(name, payload)
		body, err := io.ReadAll(plain.Body)
		if err != nil {
			t.Fatal(err)
		}
		for _, header := range []http.Header{plain.Header, lambda.MultiValueHeaders} {
			header.Del("X-Openstack-Request-Id")
			header.Del("Date")
		}
		if plain.StatusCode != lambda.StatusCode || string(body) != lambda.body(t) || !sameHeader(plain.Header, lambda.MultiValueHeaders) {
			t.Errorf("%s:\n%d %v %q\n%d %v %q", name, plain.StatusCode, plain.Header, body, lambda.StatusCode, lambda.MultiValueHeaders, lambda.body(t))
		}
	}
}

func sameHeader(a, b http.Header) bool {
	for name := range a {
		if a.Get(name) != b.Get(name) {
			return false
		}
	}
	return len(a) == len(b)
}

// overHTTP starts the function without a Runtime API and sends it the request
// that the event stands for.
func (d *installation) overHTTP(name string, payload []byte) *http.Response {
	d.t.Helper()
	folder, err := bootstraps()
	if err != nil {
		d.t.Fatal(err)
	}
	logs := &logBuffer{listen: make(chan string, 1)}
	command := exec.Command(filepath.Join(folder, name))
	command.Env = []string{"GANDER_DATA=" + d.data, "GANDER_PUBLIC_ENDPOINT=" + publicEndpoint, "GANDER_LISTEN=127.0.0.1:0"}
	command.Stderr = logs
	if err := command.Start(); err != nil {
		d.t.Fatal(err)
	}
	defer func() {
		_ = command.Process.Signal(os.Interrupt)
		if err := command.Wait(); err != nil {
			d.t.Errorf("%s: %v\n%s", name, err, logs)
		}
	}()
	r, _, err := event.Request(d.t.Context(), payload)
	if err != nil {
		d.t.Fatal(err)
	}
	select {
	case address := <-logs.listen:
		r.URL.Scheme, r.URL.Host, r.RequestURI = "http", address, ""
	case <-time.After(longWait):
		d.t.Fatalf("%s does not start: %s", name, logs)
	}
	client := http.Client{Transport: &http.Transport{DisableCompression: true}}
	defer client.CloseIdleConnections()
	answer, err := client.Do(r)
	if err != nil {
		d.t.Fatal(err)
	}
	body, err := io.ReadAll(answer.Body)
	_ = answer.Body.Close()
	if err != nil {
		d.t.Fatal(err)
	}
	answer.Body = io.NopCloser(bytes.NewReader(body))
	return answer
}
