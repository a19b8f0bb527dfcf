package proxy

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// An engine is a double of both engines: it checks that requests are signed with
// its own key, remembers them, and answers what the test wants.
type engine struct {
	t     *testing.T
	check *Proxy

	mu     sync.Mutex
	seen   []string // operations
	bodies []string
	answer func(w http.ResponseWriter, r *http.Request) // nil: an empty one
}

func (e *engine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := readBody(r)
	if err != nil {
		panic(http.ErrAbortHandler) // half a request is none
	}
	if _, _, err := e.check.verify(r); err != nil {
		e.t.Errorf("%s %s reaches the engine badly signed: %v", r.Method, r.URL.Path, err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	operation := readS3(r).Operation
	if _, target, found := strings.Cut(r.Header.Get("X-Amz-Target"), "."); found {
		operation = target
	}
	e.mu.Lock()
	e.seen, e.bodies = append(e.seen, operation), append(e.bodies, string(body))
	answer := e.answer
	e.mu.Unlock()
	switch {
	case answer != nil:
		answer(w, r)
	case serviceOf(r) != S3:
		_, _ = w.Write([]byte("{}"))
	}
}

func (e *engine) operations() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.seen)
}

// A world is a proxy before the engine, and a function's clients before the
// proxy.
type world struct {
	t      *testing.T
	proxy  *Proxy
	engine *engine
	url    string
	http   *http.Client
	key    aws.Credentials
}

func newWorld(t *testing.T, change ...func(*Config)) *world {
	t.Helper()
	return serve(t, httptest.NewServer, change...)
}

func serve(t *testing.T, start func(http.Handler) *httptest.Server, change ...func(*Config)) *world {
	t.Helper()
	own := aws.Credentials{AccessKeyID: "engine", SecretAccessKey: "engine-secret"}
	key := aws.Credentials{AccessKeyID: "AKIASHOW", SecretAccessKey: "show-secret"}
	e := &engine{t: t, check: New(Config{})}
	e.check.Add(Function{Name: "the proxy", Credentials: own})
	behind := httptest.NewServer(e)
	t.Cleanup(behind.Close)
	config := Config{DynamoDB: Upstream{behind.URL, own}, S3: Upstream{behind.URL, own}}
	for _, c := range change {
		c(&config)
	}
	p := New(config)
	p.Add(Function{Name: "image-show", Credentials: key})
	front := start(p)
	t.Cleanup(front.Close)
	return &world{t: t, proxy: p, engine: e, url: front.URL, http: front.Client(), key: key}
}

// config is the function's own; tamper, if any, changes what it sends after it was
// signed.
func (w *world) config(tamper func(*http.Request)) aws.Config {
	return aws.Config{
		Region:       "eu-central-1",
		BaseEndpoint: aws.String(w.url),
		HTTPClient:   tampering{w.http, tamper},
		Credentials:  aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return w.key, nil }),
		Retryer:      func() aws.Retryer { return aws.NopRetryer{} },
		// The default of a loaded configuration.
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenSupported,
	}
}

type tampering struct {
	client *http.Client
	change func(*http.Request)
}

func (c tampering) Do(r *http.Request) (*http.Response, error) {
	if c.change != nil {
		c.change(r)
	}
	return c.client.Do(r)
}

type clients struct {
	dynamo  *dynamodb.Client
	streams *dynamodbstreams.Client
	s3      *s3.Client
}

func (w *world) clients(tamper func(*http.Request)) clients {
	config := w.config(tamper)
	return clients{
		dynamo:  dynamodb.NewFromConfig(config),
		streams: dynamodbstreams.NewFromConfig(config),
		s3:      s3.NewFromConfig(config, func(o *s3.Options) { o.UsePathStyle = true }),
	}
}

// presigned asks for an object by its URL.
func (w *world) presigned(tamper func(*http.Request)) (*http.Response, error) {
	w.t.Helper()
	c := w.clients(nil)
	signed, err := s3.NewPresignClient(c.s3, s3.WithPresignExpires(time.Minute)).PresignGetObject(w.t.Context(), &s3.GetObjectInput{
		Bucket: aws.String("bucket"), Key: aws.String("images/1/a b+c"), VersionId: aws.String("v1"),
		ResponseContentType: aws.String("application/octet-stream"),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, signed.URL, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	if tamper != nil {
		tamper(r)
	}
	return w.http.Do(r)
}
