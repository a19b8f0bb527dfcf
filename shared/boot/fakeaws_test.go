package boot

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/gander-images/gander/shared/httpapi"
	"github.com/gander-images/gander/shared/image"
	"github.com/gander-images/gander/shared/table"
	"github.com/gander-images/gander/shared/table/bolt"
)

// Secrets of a function on the cloud mix; none of them may be logged or told.
const (
	fakeKeyID  = "AKIAFAKEKEYID"
	fakeSecret = "fake-secret-access-key"
	fakeToken  = "fake-session-token"
)

// A fakeAWS answers as DynamoDB and S3 do, in their forms and words, for as much
// as it takes to see what becomes of their refusals. It keeps nothing.
type fakeAWS struct {
	*httptest.Server
	items map[string]json.RawMessage // by partition, in DynamoDB's form

	mu     sync.Mutex
	dynamo http.HandlerFunc // in place of an answer; nil: it answers
	s3     http.HandlerFunc // likewise
}

func newFakeAWS(t *testing.T) *fakeAWS {
	t.Helper()
	f := &fakeAWS{items: map[string]json.RawMessage{}}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	return f
}

// refuse changes how the services answer.
func (f *fakeAWS) refuse(dynamo, s3 http.HandlerFunc) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dynamo, f.s3 = dynamo, s3
}

func (f *fakeAWS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	dynamo, s3 := f.dynamo, f.s3
	f.mu.Unlock()
	operation, isDynamo := strings.CutPrefix(r.Header.Get("X-Amz-Target"), "DynamoDB_20120810.")
	switch {
	case isDynamo && dynamo != nil:
		dynamo(w, r)
	case isDynamo:
		f.answer(w, r, operation)
	case s3 != nil:
		s3(w, r)
	default:
		http.Error(w, "no such thing", http.StatusNotFound)
	}
}

// answer gives one of the items, and takes every write.
func (f *fakeAWS) answer(w http.ResponseWriter, r *http.Request, operation string) {
	var asked struct {
		Key map[string]struct{ S string }
	}
	body, _ := io.ReadAll(r.Body)
	_ = json.Unmarshal(body, &asked) // what is no GetItem has no key
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	switch item := f.items[asked.Key["pk"].S]; {
	case operation == "GetItem" && item != nil && asked.Key["sk"].S == "image":
		fmt.Fprintf(w, `{"Item":%s}`, item)
	case operation == "BatchGetItem":
		fmt.Fprint(w, `{"Responses":{},"UnprocessedKeys":{}}`)
	case operation == "Query":
		fmt.Fprint(w, `{"Items":[],"Count":0}`)
	default:
		fmt.Fprint(w, `{}`)
	}
}

// jsonRefusal is how DynamoDB refuses.
//
// Source: Amazon DynamoDB Developer Guide, "Error handling with DynamoDB".
func jsonRefusal(status int, code, message string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"__type":"com.amazonaws.dynamodb.v20120810#%s","message":%q}`, code, message)
	}
}

// xmlRefusal is how S3 refuses.
//
// Source: Amazon S3 API Reference, "Error responses".
func xmlRefusal(status int, code, message string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(status)
		fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?><Error><Code>%s</Code><Message>%s</Message><RequestId>FAKE</RequestId></Error>`, code, message)
	}
}

// environ is that of a function over these services.
func (f *fakeAWS) environ(t *testing.T, d *installation, more ...string) []string {
	t.Helper()
	key, err := os.ReadFile(filepath.Join(d.data, "identity.pub"))
	if err != nil {
		t.Fatal(err)
	}
	return append([]string{
		"GANDER_TABLE=images", "GANDER_BUCKET=bytes", "GANDER_PUBLIC_ENDPOINT=" + publicEndpoint,
		"GANDER_DEVELOPMENT_KEY=" + strings.TrimSpace(string(key)),
		"AWS_REGION=eu-central-1", "AWS_ACCESS_KEY_ID=" + fakeKeyID, "AWS_SECRET_ACCESS_KEY=" + fakeSecret, "AWS_SESSION_TOKEN=" + fakeToken,
		"AWS_ENDPOINT_URL=" + f.URL,
	}, more...)
}

// keep makes an image by the local functions, and has the services give its
// record as if its data were in the bucket. It returns the image's path.
func (f *fakeAWS) keep(d *installation, filled bool) (path string) {
	d.t.Helper()
	path = d.image()
	if filled {
		d.alone(httpapi.ImageDataUpload, func(r *running) {
			answer, err := d.begin(r, path)()
			if err != nil || answer.StatusCode != http.StatusNoContent {
				d.t.Fatalf("%v, %v", answer, err)
			}
		})
	}
	kept, err := bolt.Open(filepath.Join(d.data, "table.db"))
	if err != nil {
		d.t.Fatal(err)
	}
	defer kept.Close()
	items, err := kept.Get(d.t.Context(), image.Key(strings.TrimPrefix(path, "/v2/images/")))
	if err != nil || items[0] == nil {
		d.t.Fatalf("no record of %s: %v", path, err)
	}
	f.items[items[0].Partition] = inDynamosForm(d.t, items[0])
	return path
}

func inDynamosForm(t *testing.T, item *table.Item) json.RawMessage {
	t.Helper()
	type m = map[string]any
	attributes := m{
		table.AttrPartition: m{"S": item.Partition}, table.AttrSort: m{"S": item.Sort},
		table.AttrRevision: m{"N": fmt.Sprint(item.Revision)}, table.AttrSchema: m{"N": fmt.Sprint(item.Schema)},
		table.AttrBody: m{"B": []byte(strings.Replace(string(item.Body), `"store":"local"`, `"store":"s3"`, 1))},
	}
	for name, n := range item.Counters {
		attributes[table.AttrCounter+name] = m{"N": fmt.Sprint(n)}
	}
	text, err := json.Marshal(attributes)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
