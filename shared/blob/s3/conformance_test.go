//go:build cloud

package s3

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/gander-images/gander/shared/blob/blobtest"
)

// lacks is what engines cannot do, by the Server header of their answers.
var lacks = map[string]map[string]string{
	"VERSITYGW": {
		"Write/names that nest do not meet": "keys are paths of files, so that k and k/child exclude each other (409)",
		"Write/long segments of names":      "keys are paths of files, so that no segment is longer than 255 bytes (400)",
	},
}

// TestConformance runs on the engine that AWS_ENDPOINT_URL_S3 or
// AWS_ENDPOINT_URL names, in a bucket of its own.
func TestConformance(t *testing.T) {
	e := newEngine(t)
	blobtest.Run(t, e.open)
}

func TestPresigned(t *testing.T) {
	e := newEngine(t)
	blobtest.RunPresigner(t, func(t *testing.T) blobtest.Presigner {
		return blobtest.Presigner{
			Store:  e.open(t),
			URLs:   Open(e.cfg, e.bucket),
			Past:   Open(e.cfg, e.bucket, Clock(func() time.Time { return time.Now().Add(-time.Hour) })),
			Client: e.anybody(),
			Forge: map[string]func(*url.URL, url.Values){
				"another object":       func(u *url.URL, _ url.Values) { u.Path = strings.TrimSuffix(u.Path, "a") + "b" },
				"another version":      func(_ *url.URL, q url.Values) { q.Set("versionId", "null") },
				"the current version":  func(_ *url.URL, q url.Values) { q.Del("versionId") },
				"another content type": func(_ *url.URL, q url.Values) { q.Set("response-content-type", "text/html") },
				"a longer life":        func(_ *url.URL, q url.Values) { q.Set("X-Amz-Expires", "3600") },
				"another signature":    func(_ *url.URL, q url.Values) { q.Set("X-Amz-Signature", strings.Repeat("0", 64)) },
			},
		}
	})
}

// An engine is what answers at the endpoint, with a bucket as the template has it.
type engine struct {
	cfg    aws.Config
	bucket string
	server string
}

func newEngine(t *testing.T) engine {
	t.Helper()
	if os.Getenv("AWS_ENDPOINT_URL_S3") == "" && os.Getenv("AWS_ENDPOINT_URL") == "" {
		t.Fatal("AWS_ENDPOINT_URL_S3 must name an S3 engine")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		t.Fatal(err)
	}
	e := engine{cfg: cfg, bucket: "gander-" + strings.ToLower(rand.Text())}
	client := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })
	out, err := client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &e.bucket})
	if err != nil {
		t.Fatal(err)
	}
	if answer, ok := awsmiddleware.GetRawResponse(out.ResultMetadata).(*smithyhttp.Response); ok {
		e.server = answer.Header.Get("Server")
	}
	if _, err := client.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{
		Bucket: &e.bucket, VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled},
	}); err != nil {
		t.Fatal(err)
	}
	t.Logf("the engine is %q at %s", e.server, os.Getenv("AWS_ENDPOINT_URL_S3"))
	return e
}

func (e engine) open(t *testing.T) blobtest.Store {
	t.Helper()
	s := Open(e.cfg, e.bucket)
	return blobtest.Store{
		Blobs: s,
		Large: growing.part(1) + 3<<20 + 3, // two parts
		Lacks: lacks[e.server],
		Reopen: func(t *testing.T) blobtest.Store {
			t.Helper()
			s.flights.Wait() // as the end of a process would
			return e.open(t)
		},
	}
}

// anybody has no credentials, and trusts the engine's certificate.
func (e engine) anybody() *http.Client {
	if client, ok := e.cfg.HTTPClient.(*awshttp.BuildableClient); ok {
		return &http.Client{Transport: client.GetTransport()}
	}
	return http.DefaultClient
}
