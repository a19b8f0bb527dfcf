package boot

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gander-images/gander/shared/httpapi"
	"github.com/gander-images/gander/shared/image"
	"github.com/gander-images/gander/shared/table"
	"github.com/gander-images/gander/shared/table/bolt"
)

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
	root := filepath.Join(d.data, folder)
	err := filepath.WalkDir(root, func(path string, e os.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && path != root {
			return nil // a consumer removed it meanwhile
		}
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
		if !o.Init || o.Kind != "Runtime.BadConfiguration" {
			t.Errorf("%s: %+v", f.name, o)
		}
	}
}

// TestFunctionsReportWhatTheyCannotOpen: also what the settings cannot tell is
// reported before the first event.
func TestFunctionsReportWhatTheyCannotOpen(t *testing.T) {
	d := deploy(t)
	first := d.start("image-show")
	<-first.Polled()
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
		f.Kill()
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
		s := step{function: name, status: 200}
		lambda, plain := asLambda(d, s, payload), asContainer(d, s, payload)
		for _, header := range []http.Header{plain.MultiValueHeaders, lambda.MultiValueHeaders} {
			header.Del("X-Openstack-Request-Id")
			header.Del("Date")
		}
		if plain.StatusCode != lambda.StatusCode || plain.Body != lambda.body(t) || !sameHeader(plain.MultiValueHeaders, lambda.MultiValueHeaders) {
			t.Errorf("%s:\n%d %v %q\n%d %v %q", name, plain.StatusCode, plain.MultiValueHeaders, plain.Body, lambda.StatusCode, lambda.MultiValueHeaders, lambda.body(t))
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

// TestFunctionsSpeakTLS, by the one version of HTTP that they are built with, also
// to clients that would like another.
func TestFunctionsSpeakTLS(t *testing.T) {
	d := deploy(t)
	certFile, keyFile := writeCertificate(t)
	logs := &logBuffer{listen: make(chan string, 1)}
	command := d.command("version-list", "GANDER_LISTEN=127.0.0.1:0", "GANDER_TLS_CERT="+certFile, "GANDER_TLS_KEY="+keyFile)
	command.Stderr = logs
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	}()
	text, err := os.ReadFile(certFile)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(text)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}}
	defer client.CloseIdleConnections()
	answer, err := client.Get("https://" + <-logs.listen + "/versions")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK || answer.ProtoMajor != 1 {
		t.Errorf("%s %s", answer.Proto, answer.Status)
	}
}
