//go:build cloud

package boot

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gander-images/gander/localstack/emulatortest"
	"github.com/gander-images/gander/shared/blob"
	"github.com/gander-images/gander/shared/blob/s3"
	"github.com/gander-images/gander/shared/httpapi"
	"github.com/gander-images/gander/shared/image"
	"github.com/gander-images/gander/shared/table"
	"github.com/gander-images/gander/shared/table/dynamo"
)

// inCloud is an installation over a table and a bucket of its own, which its
// functions reach by their own clients.
func inCloud(t *testing.T) (*installation, emulatortest.Place) {
	t.Helper()
	d, place := deploy(t), emulatortest.New(t)
	key, err := os.ReadFile(filepath.Join(d.data, "identity.pub"))
	if err != nil {
		t.Fatal(err)
	}
	d.store = "s3"
	d.environ = []string{
		"GANDER_TABLE=" + place.Table, "GANDER_BUCKET=" + place.Bucket, "GANDER_STORES=s3", "GANDER_DEPLOYMENT=" + place.Table,
		"GANDER_DEVELOPMENT_KEY=" + strings.TrimSpace(string(key)),
	}
	for _, pair := range os.Environ() {
		if strings.HasPrefix(pair, "AWS_") {
			d.environ = append(d.environ, pair)
		}
	}
	return d, place
}

// TestCloudFunctionsAnswerTheirEvents is TestFunctionsAnswerTheirEvents over
// DynamoDB and S3; the download is followed to the bucket.
func TestCloudFunctionsAnswerTheirEvents(t *testing.T) {
	d, _ := inCloud(t)
	d.live(asLambda)
}

// TestCloudFunctionsAnswerOnTheirPort is TestFunctionsAnswerOnTheirPort, likewise.
func TestCloudFunctionsAnswerOnTheirPort(t *testing.T) {
	d, _ := inCloud(t)
	d.live(asContainer)
}

// objects counts what is in the bucket, finished or not.
func objects(t *testing.T, p emulatortest.Place) (n int) {
	t.Helper()
	err := s3.Open(p.Config, p.Bucket).Walk(t.Context(), "", func(blob.Object) error {
		n++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// deleted takes an image through its life until its data is to go at once.
func (d *installation) deleted(id string) {
	d.t.Helper()
	for _, f := range []string{"image-create", "image-data-upload", "image-delete"} {
		payload := []byte(strings.ReplaceAll(string(d.recorded(f, "gander")), "2f9c1d3e-7a54-4b0e-9d61-0c8f5e3b7a10", id))
		if a := parseAnswer(d.t, f, d.feed(f, payload, "GANDER_RETENTION=0s")); a.StatusCode/100 != 2 {
			d.t.Fatalf("%s: %+v", f, a)
		}
	}
}

// TestCloudConsumersRemoveDeletedImages: each consumer removes what a deletion
// left, told by the table's own change or by the clock, through either door.
func TestCloudConsumersRemoveDeletedImages(t *testing.T) {
	for name, by := range map[string]func(*installation, step, []byte) gatewayAnswer{"Lambda": asLambda, "HTTP": asContainer} {
		d, place := inCloud(t)
		for i, s := range []step{{function: "reaper", body: `{"batchItemFailures":[]}`}, {function: "sweeper", body: "null"}} {
			id := fmt.Sprintf("aaaaaaaa-7a54-4b0e-9d61-0c8f5e3b7a1%d", i)
			d.deleted(id)
			if n := objects(t, place); n != 1 {
				t.Fatalf("%s: %d objects before the %s", name, n, s.function)
			}
			payload := d.recorded(s.function, "")
			if s.function == "reaper" {
				payload = purgeEvent(t, place, id)
			}
			by(d, s, payload)
			if n := objects(t, place); n != 0 {
				t.Errorf("%s: the %s left %d objects", name, s.function, n)
			}
		}
	}
}

// purgeEvent is the stream's event about the due entry that a deletion wrote.
func purgeEvent(t *testing.T, p emulatortest.Place, id string) []byte {
	t.Helper()
	page, err := dynamo.Open(p.Config, p.Table).Query(t.Context(), table.Query{Partition: "due#" + image.PurgeKind + "#0", Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(page.Items, func(i table.Item) bool { return strings.HasSuffix(i.Sort, id) })
	if at < 0 {
		t.Fatalf("no purge of %s is due: %v", id, page.Items)
	}
	payload, err := json.Marshal(map[string]any{"Records": []any{map[string]any{
		"eventSource": "aws:dynamodb", "eventName": "INSERT",
		"dynamodb": map[string]any{"SequenceNumber": "1", "NewImage": inDynamosForm(t, &page.Items[at])},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

// TestCloudConsumersAlone: where no platform brings events, the poller of the
// table's stream does; the ticker is too slow to be it.
func TestCloudConsumersAlone(t *testing.T) {
	d, place := inCloud(t)
	r := d.only("consumers", "GANDER_SWEEP_INTERVAL=1h")
	r.call("", "GET", "/healthcheck", "", 200)
	d.deleted("bbbbbbbb-7a54-4b0e-9d61-0c8f5e3b7a10")
	for end := time.Now().Add(longWait); objects(t, place) > 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the data is still there: %s", r.stderr)
		}
	}
	if code := r.stop(); code != 0 || strings.Contains(r.stderr.String(), `"level":"ERROR"`) {
		t.Errorf("exit %d: %s", code, r.stderr)
	}
}

// TestCloudDataPlane sends and takes more than a gateway passes, and by ranges.
func TestCloudDataPlane(t *testing.T) {
	d, place := inCloud(t)
	path, token := d.image(), d.tokens["gander"]
	r := d.only("data")
	data := strings.Repeat("0123456789abcdef", 3<<20) // three parts of an upload
	q, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "http://"+r.address+path+"/file", strings.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("X-Auth-Token", token)
	q.Header.Set("Content-Type", "application/octet-stream")
	if a := send(t, q); a.StatusCode != http.StatusNoContent {
		t.Fatalf("%+v", a)
	}
	if got := r.call(token, "GET", path+"/file", "", 200); got != data {
		t.Errorf("%d bytes came back", len(got))
	}
	if q, err = http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+r.address+path+"/file", nil); err != nil {
		t.Fatal(err)
	}
	q.Header.Set("X-Auth-Token", token)
	q.Header.Set("Range", "bytes=16777210-16777225") // over the end of a part
	if a := send(t, q); a.StatusCode != http.StatusPartialContent || a.Body != "abcdef0123456789" {
		t.Errorf("%d %q", a.StatusCode, a.Body)
	}
	if n := objects(t, place); n != 1 {
		t.Errorf("%d objects", n)
	}
	if code := r.stop(); code != 0 {
		t.Errorf("exit %d: %s", code, r.stderr)
	}
}

// TestCloudStandalone: the one process with everything in it runs on the cloud
// mix as well.
func TestCloudStandalone(t *testing.T) {
	d, place := inCloud(t)
	r := run(t, "", func(p *process) int {
		p.args = []string{"serve", "-listen", "127.0.0.1:0", "-retention", "0s"}
		return p.command()
	}, usualPatience, d.environ...)
	token := d.tokens["gander"]
	var made struct{ ID string }
	if err := json.Unmarshal([]byte(r.call(token, "POST", "/v2/images", `{"name":"one","disk_format":"raw","container_format":"bare"}`, 201)), &made); err != nil {
		t.Fatal(err)
	}
	q, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "http://"+r.address+"/v2/images/"+made.ID+"/file", strings.NewReader("abc"))
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("X-Auth-Token", token)
	q.Header.Set("Content-Type", "application/octet-stream")
	if a := send(t, q); a.StatusCode != http.StatusNoContent {
		t.Fatalf("%+v", a)
	}
	if got := r.call(token, "GET", "/v2/images", "", 200); !strings.Contains(got, made.ID) || !strings.Contains(got, `"stores":"s3"`) {
		t.Errorf("listed %s", got)
	}
	if got := r.call(token, "GET", "/v2/images/"+made.ID+"/file", "", 200); got != "abc" {
		t.Errorf("%q", got)
	}
	r.call(token, "DELETE", "/v2/images/"+made.ID, "", 204)
	for end := time.Now().Add(longWait); objects(t, place) > 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the data is still there: %s", r.stderr)
		}
	}
	r.call("", "POST", "/identity/v3/auth/tokens", "{}", 300) // whoever checks by a key issues nothing
	if code := r.stop(); code != 0 {
		t.Errorf("exit %d: %s", code, r.stderr)
	}
}

// TestCloudWithoutTableOrBucket: what the doubles of other tests say of a table
// and a bucket that are absent is what engines say, too.
func TestCloudWithoutTableOrBucket(t *testing.T) {
	d, _ := inCloud(t)
	for _, f := range []string{"image-create", "image-data-upload"} {
		if a := parseAnswer(t, f, d.feed(f, d.recorded(f, "gander"))); a.StatusCode/100 != 2 {
			t.Fatalf("%s: %+v", f, a)
		}
	}
	path := "/v2/images/2f9c1d3e-7a54-4b0e-9d61-0c8f5e3b7a10"
	for name, c := range map[string]struct {
		op             httpapi.Operation
		path, variable string
		cause          string
	}{
		"table":  {httpapi.ImageShow, path, "GANDER_TABLE=absent", "ResourceNotFoundException"},
		"bucket": {httpapi.ImageDataDownload, path + "/file", "GANDER_BUCKET=absent", "NoSuchBucket"},
	} {
		for way, open := range doors {
			environ := slices.DeleteFunc(slices.Clone(d.environ), func(pair string) bool {
				return strings.HasPrefix(pair, strings.SplitAfter(c.variable, "=")[0])
			})
			environ = append(environ, c.variable, "GANDER_DOWNLOADS=direct", "GANDER_PUBLIC_ENDPOINT="+publicEndpoint)
			told, logged := open(t, c.op, environ, question{method: "GET", path: c.path, as: "gander", header: asJSON}, d)
			wantUnavailable(t, name+" by "+way, d, told, logged, c.cause)
		}
	}
}
