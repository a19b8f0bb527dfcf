package s3

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/xml"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
)

const bucketName = "bucket"

// A fake is as much of S3, in memory, as a Store needs, and breaks on demand.
type fake struct {
	*httptest.Server
	testing.TB

	mu      sync.Mutex
	objects map[string]*fakeObject // by key: names are used once
	uploads map[string]*fakeUpload // by id
	serial  int
	counts  map[string]int
	seen    []string // operations, in order

	// fault says what is wrong with the nth request of an operation, from 1.
	fault func(op string, nth int) fault

	page   int                   // entries of a list
	sink   bool                  // parts and objects are not kept
	bucket string                // none other is there
	before func(r *http.Request) // looks at every request

	unversioned bool   // no answer names a version
	sum         uint32 // of whole objects, as S3 kept it; 0 is told to nobody
}

type fakeObject struct {
	key, version, writer string
	data                 []byte
	at                   time.Time
}

type fakeUpload struct {
	key, id, writer string
	parts           map[int][]byte
	at              time.Time
}

// A fault is what a request meets. The zero fault is none.
type fault struct {
	status  int // of an answer that refuses; 200 has the error in its body
	code    string
	message string
	cut     bool // the connection, without an answer
	landed  bool // the request was carried out before
	after   int  // bytes of a body, and then the connection is cut
	none    bool // not one byte of a body
	hang    bool // until the client gives up
}

// few are parts that are quickly sent.
var few = schedule{{10, 256 << 10}, {1000, 512 << 10}}

func newFake(t testing.TB) *fake {
	t.Helper()
	f := &fake{
		TB: t, objects: map[string]*fakeObject{}, uploads: map[string]*fakeUpload{}, counts: map[string]int{},
		page: 1000, bucket: bucketName,
	}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	return f
}

// store returns a store of the fake that waits for nothing before it tries again.
func (f *fake) store(options ...Option) *Store {
	return Open(f.config(), bucketName, append([]Option{func(s *Store) {
		s.parts = few
		s.retry = newRetryer(func(o *retry.StandardOptions) {
			o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
		})
	}}, options...)...)
}

func (f *fake) config() aws.Config {
	return aws.Config{
		Region: "eu-west-1", BaseEndpoint: aws.String(f.URL),
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired, ResponseChecksumValidation: aws.ResponseChecksumValidationWhenSupported,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIAEXAMPLE", SecretAccessKey: "secret"}, nil
		}),
	}
}

// operation names a request as S3 does.
func operation(r *http.Request) string {
	query, key := r.URL.Query(), strings.Count(r.URL.Path, "/") > 1
	switch {
	case !key && r.Method == http.MethodHead:
		return "HeadBucket"
	case !key && query.Has("versions"):
		return "ListObjectVersions"
	case !key && query.Has("uploads"):
		return "ListMultipartUploads"
	case query.Has("uploads"):
		return "CreateMultipartUpload"
	case query.Has("partNumber") && r.Header.Get("x-amz-copy-source") != "":
		return "UploadPartCopy"
	case query.Has("partNumber"):
		return "UploadPart"
	}
	return map[string]string{
		http.MethodHead: "HeadObject", http.MethodGet: "GetObject", http.MethodPut: "PutObject",
		http.MethodPost: "CompleteMultipartUpload", http.MethodDelete: "DeleteObject",
	}[r.Method]
}

// ServeHTTP implements http.Handler.
func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	op := operation(r)
	if op == "DeleteObject" && r.URL.Query().Has("uploadId") {
		op = "AbortMultipartUpload"
	}
	body, err := f.read(r)
	if err != nil {
		return // the client gave up
	}
	f.mu.Lock()
	f.counts[op]++
	f.seen = append(f.seen, op)
	var x fault
	if f.fault != nil {
		x = f.fault(op, f.counts[op])
	}
	before := f.before
	f.mu.Unlock()
	if before != nil {
		before(r)
	}
	f.answer(w, r, op, body, x)
}

func (f *fake) answer(w http.ResponseWriter, r *http.Request, op string, body []byte, x fault) {
	if x.hang {
		<-r.Context().Done()
		return
	}
	broken := x.cut || x.status != 0
	if !broken || x.landed {
		to := w
		if broken {
			to = httptest.NewRecorder()
		}
		f.serve(&cutting{ResponseWriter: to, rest: x.rest()}, r, op, body)
	}
	if x.cut {
		panic(http.ErrAbortHandler)
	}
	if broken {
		refuse(w, r, x.status, x.code, cmp.Or(x.message, "Because of the test."))
	}
}

// rest is how many bytes of a body may pass, -1 for all.
func (x fault) rest() int {
	if x.none {
		return 0
	}
	return cmp.Or(x.after, -1)
}

// A cutting writer cuts the connection after so many bytes.
type cutting struct {
	http.ResponseWriter
	rest int
}

func (c *cutting) Write(p []byte) (int, error) {
	if c.rest < 0 || len(p) <= c.rest {
		c.rest -= min(len(p), max(c.rest, 0))
		return c.ResponseWriter.Write(p)
	}
	_, _ = c.ResponseWriter.Write(p[:c.rest])
	c.ResponseWriter.(http.Flusher).Flush()
	panic(http.ErrAbortHandler)
}

// read takes in a body, and checks the checksum that bytes must come with.
func (f *fake) read(r *http.Request) ([]byte, error) {
	op, sum := operation(r), crc32.NewIEEE()
	var body []byte
	var err error
	if f.sink && op != "CompleteMultipartUpload" {
		_, err = io.Copy(sum, r.Body)
	} else {
		body, err = io.ReadAll(io.TeeReader(r.Body, sum))
	}
	if err != nil {
		return nil, err
	}
	want := base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, sum.Sum32()))
	if (op == "PutObject" || op == "UploadPart") && r.Header.Get("x-amz-checksum-crc32") != want {
		f.Errorf("%s came with the checksum %q, want %q", op, r.Header.Get("x-amz-checksum-crc32"), want)
	}
	return body, nil
}

func refuse(w http.ResponseWriter, r *http.Request, status int, code, message string) {
	w.Header().Set("x-amz-request-id", "REQUEST1")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		fmt.Fprintf(w, "<Error><Code>%s</Code><Message>%s</Message></Error>", code, message)
	}
}

// serve carries a request out.
func (f *fake) serve(w http.ResponseWriter, r *http.Request, op string, body []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	query := r.URL.Query()
	if bucket != f.bucket {
		refuse(w, r, 404, "NoSuchBucket", "The specified bucket does not exist")
		return
	}
	upload := f.uploads[query.Get("uploadId")]
	if query.Has("uploadId") && (upload == nil || upload.key != key) {
		refuse(w, r, 404, "NoSuchUpload", "The specified upload does not exist.")
		return
	}
	switch op {
	case "HeadBucket":
	case "PutObject":
		f.make(w, r, key, r.Header.Get("x-amz-meta-gander-writer"), body)
	case "CreateMultipartUpload":
		u := &fakeUpload{key: key, id: f.id(), writer: r.Header.Get("x-amz-meta-gander-writer"), parts: map[int][]byte{}, at: time.Now()}
		f.uploads[u.id] = u
		fmt.Fprintf(w, "<InitiateMultipartUploadResult><UploadId>%s</UploadId></InitiateMultipartUploadResult>", u.id)
	case "UploadPart":
		number, _ := strconv.Atoi(query.Get("partNumber"))
		upload.parts[number] = body
		w.Header().Set("ETag", fmt.Sprintf("%q", fmt.Sprint(number)))
		w.Header().Set("x-amz-checksum-crc32", r.Header.Get("x-amz-checksum-crc32"))
	case "UploadPartCopy":
		f.copyPart(w, r, upload)
	case "CompleteMultipartUpload":
		f.complete(w, r, upload, body)
	case "AbortMultipartUpload":
		delete(f.uploads, upload.id)
		w.WriteHeader(http.StatusNoContent)
	case "DeleteObject":
		if query.Get("versionId") == "" {
			f.Errorf("%s is deleted without a version", key)
		}
		if o := f.objects[key]; o != nil && o.version == query.Get("versionId") {
			delete(f.objects, key)
		}
		w.WriteHeader(http.StatusNoContent)
	case "GetObject", "HeadObject":
		f.get(w, r, key)
	case "ListObjectVersions":
		f.listVersions(w, query.Get("prefix"), query.Get("key-marker"))
	case "ListMultipartUploads":
		f.listUploads(w, query.Get("prefix"), query.Get("upload-id-marker"))
	}
}

func (f *fake) id() string {
	f.serial++
	return fmt.Sprintf("id%06d", f.serial)
}

// make makes an object, unless there is one.
func (f *fake) make(w http.ResponseWriter, r *http.Request, key, writer string, data []byte) *fakeObject {
	if r.Header.Get("If-None-Match") != "*" {
		f.Errorf("%s is written without a condition", key)
	}
	if f.objects[key] != nil {
		refuse(w, r, 412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
		return nil
	}
	o := &fakeObject{key: key, version: f.id(), writer: writer, data: data, at: time.Now()}
	f.objects[key] = o
	f.version(w, o)
	return o
}

func (f *fake) version(w http.ResponseWriter, o *fakeObject) {
	if f.unversioned {
		o.version = nullVersion
		return
	}
	w.Header().Set("x-amz-version-id", o.version)
}

func (f *fake) copyPart(w http.ResponseWriter, r *http.Request, u *fakeUpload) {
	from, version, _ := strings.Cut(r.Header.Get("x-amz-copy-source"), "?versionId=")
	o := f.objects[strings.TrimPrefix(from, f.bucket+"/")]
	if o == nil || o.version != version {
		refuse(w, r, 404, "NoSuchVersion", "The specified version does not exist.")
		return
	}
	number, _ := strconv.Atoi(r.URL.Query().Get("partNumber"))
	u.parts[number] = o.data
	fmt.Fprint(w, "<CopyPartResult><ETag>copied</ETag></CopyPartResult>")
}

func (f *fake) complete(w http.ResponseWriter, r *http.Request, u *fakeUpload, body []byte) {
	var list struct {
		Part []struct{ PartNumber int }
	}
	if err := xml.Unmarshal(body, &list); err != nil {
		f.Errorf("completing: %v", err)
	}
	var data []byte
	for i, p := range list.Part {
		if _, ok := u.parts[p.PartNumber]; !ok || p.PartNumber != i+1 {
			f.Errorf("completing with part %d as the %d. one", p.PartNumber, i+1)
		}
		data = append(data, u.parts[p.PartNumber]...)
	}
	if size := r.Header.Get("x-amz-mp-object-size"); !f.sink && size != strconv.Itoa(len(data)) {
		f.Errorf("completing %d bytes as %s", len(data), size)
	}
	o := f.make(w, r, u.key, u.writer, data)
	if o == nil {
		return
	}
	o.at = u.at // as S3 does
	delete(f.uploads, u.id)
	fmt.Fprint(w, "<CompleteMultipartUploadResult></CompleteMultipartUploadResult>")
}

func (f *fake) get(w http.ResponseWriter, r *http.Request, key string) {
	o, version := f.objects[key], r.URL.Query().Get("versionId")
	switch {
	case version != "" && !strings.HasPrefix(version, "id"):
		refuse(w, r, 400, "InvalidArgument", "Invalid version id specified")
		return
	case o == nil || version != "" && o.version != version:
		refuse(w, r, 404, "NoSuchKey", "The specified key does not exist.")
		return
	}
	f.version(w, o)
	w.Header().Set("x-amz-meta-gander-writer", o.writer)
	w.Header().Set("ETag", fmt.Sprintf("%q", o.version))
	if f.sum != 0 && r.Header.Get("Range") == "" {
		w.Header().Set("x-amz-checksum-crc32", base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, f.sum)))
	}
	http.ServeContent(w, r, "", o.at, bytes.NewReader(o.data))
}

func (f *fake) listVersions(w io.Writer, prefix, after string) {
	var keys []string
	for _, key := range slices.Sorted(maps.Keys(f.objects)) {
		if strings.HasPrefix(key, prefix) && key > after {
			keys = append(keys, key)
		}
	}
	fmt.Fprintf(w, "<ListVersionsResult><IsTruncated>%t</IsTruncated>", len(keys) > f.page)
	for _, key := range keys[:min(f.page, len(keys))] {
		o := f.objects[key]
		fmt.Fprintf(w, "<Version><Key>%s</Key><VersionId>%s</VersionId><Size>%d</Size><LastModified>%s</LastModified></Version><NextKeyMarker>%[1]s</NextKeyMarker>",
			key, o.version, len(o.data), o.at.UTC().Format(time.RFC3339))
	}
	fmt.Fprint(w, "<DeleteMarker><Key>hidden</Key><VersionId>m</VersionId></DeleteMarker></ListVersionsResult>")
}

func (f *fake) listUploads(w io.Writer, prefix, after string) {
	var ids []string
	for _, id := range slices.Sorted(maps.Keys(f.uploads)) {
		if strings.HasPrefix(f.uploads[id].key, prefix) && id > after {
			ids = append(ids, id)
		}
	}
	fmt.Fprintf(w, "<ListMultipartUploadsResult><IsTruncated>%t</IsTruncated>", len(ids) > f.page)
	for _, id := range ids[:min(f.page, len(ids))] {
		u := f.uploads[id]
		fmt.Fprintf(w, "<Upload><Key>%s</Key><UploadId>%s</UploadId><Initiated>%s</Initiated></Upload><NextUploadIdMarker>%[2]s</NextUploadIdMarker>",
			u.key, id, u.at.UTC().Format(time.RFC3339))
	}
	fmt.Fprint(w, "</ListMultipartUploadsResult>")
}
