package proxy

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	ddb "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
)

func get(t *testing.T, c clients) error {
	_, err := c.dynamo.GetItem(t.Context(), &dynamodb.GetItemInput{
		TableName: aws.String("images"),
		Key:       map[string]ddb.AttributeValue{"pk": text("image#1"), "sk": text("image")},
	})
	return err
}

func text(s string) ddb.AttributeValue { return &ddb.AttributeValueMemberS{Value: s} }

func put(t *testing.T, c clients, body io.Reader) error {
	_, err := c.s3.PutObject(t.Context(), &s3.PutObjectInput{
		Bucket: aws.String("bucket"), Key: aws.String("images/1/ü b+c%~"), Body: body, IfNoneMatch: aws.String("*"),
	})
	return err
}

// TestSDKRequestsAreTaken holds that whatever the SDK signs is taken, and reaches
// the engine signed with the engine's key, its body whole.
func TestSDKRequestsAreTaken(t *testing.T) {
	for name, start := range map[string]func(http.Handler) *httptest.Server{"http": httptest.NewServer, "https": httptest.NewTLSServer} {
		t.Run(name, func(t *testing.T) {
			w := serve(t, start)
			c := w.clients(nil)
			if err := get(t, c); err != nil {
				t.Error(err)
			}
			if _, err := c.streams.ListStreams(t.Context(), &dynamodbstreams.ListStreamsInput{TableName: aws.String("images")}); err != nil {
				t.Error(err)
			}
			large := strings.Repeat("x", 3<<20)
			for _, body := range []string{"", "small", large} {
				if err := put(t, c, strings.NewReader(body)); err != nil {
					t.Error(err)
				}
			}
			if answer, err := w.presigned(nil); err != nil || answer.StatusCode != 200 {
				t.Errorf("a presigned URL: %v, %v", answer, err)
			}
			if got := len(w.engine.operations()); got != 6 {
				t.Errorf("%d of 6 requests reached the engine", got)
			}
			if last := w.engine.bodies[4]; !strings.Contains(last, large[:1000]) {
				t.Errorf("the engine got %d bytes", len(last))
			}
		})
	}
}

// TestTrailersAreTaken holds that a body of unknown hash, which the SDK sends in
// chunks over TLS, passes as it is.
func TestTrailersAreTaken(t *testing.T) {
	w := serve(t, httptest.NewTLSServer)
	kind := ""
	c := w.clients(func(r *http.Request) { kind = r.Header.Get(payloadHeader) })
	if err := put(t, c, io.MultiReader(strings.NewReader("streamed"))); err != nil {
		// The SDK wants to know the length of what it cannot rewind.
		_, err = c.s3.PutObject(t.Context(), &s3.PutObjectInput{
			Bucket: aws.String("bucket"), Key: aws.String("k"), Body: io.MultiReader(strings.NewReader("streamed")), ContentLength: aws.Int64(8),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if kind != unsignedTrailer || !strings.Contains(strings.Join(w.engine.bodies, ""), "x-amz-checksum-crc32:") {
		t.Errorf("the SDK sent %s and the engine got %q", kind, w.engine.bodies)
	}
}

// replace changes the body of a request, and its length only where it must.
func replace(r *http.Request, body string) {
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
	r.GetBody = nil
}

// TestTamperingIsRefused holds that nothing but what was signed, by a key that is
// known, reaches the engine.
func TestTamperingIsRefused(t *testing.T) {
	for _, c := range []struct {
		name   string
		tamper func(*http.Request)
		dynamo string // the code of a GetItem; empty: not tried
		s3     string // of a PutObject
		url    string // of a presigned GET
	}{
		{"another header", func(r *http.Request) { r.Header.Set("X-Amz-Target", tableTarget+"DeleteItem") }, "InvalidSignatureException", "", ""},
		{"a header dropped", func(r *http.Request) { r.Header.Del("If-None-Match") }, "", "SignatureDoesNotMatch", ""},
		{"a header of AWS's added", func(r *http.Request) { r.Header.Set("X-Amz-Acl", "public-read") }, "InvalidSignatureException", "SignatureDoesNotMatch", "SignatureDoesNotMatch"},
		{"another path", func(r *http.Request) { r.URL.Path += "x"; r.URL.RawPath = "" }, "InvalidSignatureException", "SignatureDoesNotMatch", "SignatureDoesNotMatch"},
		{"a query added", func(r *http.Request) { r.URL.RawQuery += "&versionId=v2" }, "InvalidSignatureException", "SignatureDoesNotMatch", "SignatureDoesNotMatch"},
		{"another version", func(r *http.Request) {
			r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "versionId=v1", "versionId=v2", 1)
		}, "", "", "SignatureDoesNotMatch"},
		{"a longer life", func(r *http.Request) { r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "Expires=60", "Expires=90", 1) }, "", "", "SignatureDoesNotMatch"},
		{"another method", func(r *http.Request) { r.Method = http.MethodDelete }, "InvalidSignatureException", "SignatureDoesNotMatch", "SignatureDoesNotMatch"},
		{"another host", func(r *http.Request) { r.Host = "elsewhere" }, "InvalidSignatureException", "SignatureDoesNotMatch", "SignatureDoesNotMatch"},
		{"another body", func(r *http.Request) { replace(r, strings.Repeat("y", int(r.ContentLength))) }, "InvalidSignatureException", "XAmzContentSHA256Mismatch", ""},
		{"another length", func(r *http.Request) { replace(r, "y") }, "InvalidSignatureException", "SignatureDoesNotMatch", ""},
		{"no signature", func(r *http.Request) { r.Header.Del("Authorization"); r.URL.RawQuery = "" }, "MissingAuthenticationTokenException", "AccessDenied", "AccessDenied"},
		{"an unknown key", func(r *http.Request) { swap(r, "AKIASHOW", "AKIANONE") }, "UnrecognizedClientException", "InvalidAccessKeyId", "InvalidAccessKeyId"},
		{"another service", func(r *http.Request) { swap(r, "/s3/", "/dynamodb/"); swap(r, "/dynamodb/", "/sqs/") }, "InvalidSignatureException", "SignatureDoesNotMatch", ""},
		{"a hash of nothing known", func(r *http.Request) { r.Header.Set(payloadHeader, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD") }, "", "NotImplemented", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			tampered := w.clients(c.tamper)
			if c.dynamo != "" {
				wantCode(t, "GetItem", get(t, tampered), c.dynamo)
			}
			if c.s3 != "" {
				wantCode(t, "PutObject", put(t, tampered, bytes.NewReader(make([]byte, 100<<10))), c.s3)
			}
			if c.url != "" {
				answer, err := w.presigned(c.tamper)
				if err != nil {
					t.Fatal(err)
				}
				body, _ := io.ReadAll(answer.Body)
				if !strings.Contains(string(body), "<Code>"+c.url+"<") {
					t.Errorf("a presigned URL is answered %d, %s", answer.StatusCode, body)
				}
			}
			if seen := w.engine.operations(); len(seen) > 0 {
				t.Errorf("the engine saw %v", seen)
			}
			if uses := w.proxy.Uses(); c.name != "another body" && len(uses) > 0 {
				t.Errorf("recorded as %v", uses)
			}
		})
	}
}

func swap(r *http.Request, from, to string) {
	r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), from, to, 1))
	if r.Header.Get("Authorization") == "" {
		r.Header.Del("Authorization")
	}
	r.URL.RawQuery = strings.Replace(r.URL.RawQuery, from, to, 1)
}

func wantCode(t *testing.T, what string, err error, code string) {
	t.Helper()
	var answered smithy.APIError
	if !errors.As(err, &answered) || answered.ErrorCode() != code {
		t.Errorf("%s is answered %v, not %s", what, err, code)
	}
}

// TestSecretsAndTimes holds that a key needs its own secret, and that signatures
// and URLs end.
func TestSecretsAndTimes(t *testing.T) {
	w := newWorld(t)
	w.key.SecretAccessKey = "guessed"
	wantCode(t, "GetItem by a wrong secret", get(t, w.clients(nil)), "InvalidSignatureException")
	wantCode(t, "PutObject by a wrong secret", put(t, w.clients(nil), strings.NewReader("x")), "SignatureDoesNotMatch")

	w = newWorld(t)
	w.proxy.now = func() time.Time { return time.Now().Add(16 * time.Minute) }
	wantCode(t, "an old GetItem", get(t, w.clients(nil)), "InvalidSignatureException")
	wantCode(t, "an old PutObject", put(t, w.clients(nil), strings.NewReader("x")), "RequestTimeTooSkewed")

	w = newWorld(t)
	w.proxy.now = func() time.Time { return time.Now().Add(61 * time.Second) }
	answer, err := w.presigned(nil)
	if err != nil || answer.StatusCode != http.StatusForbidden {
		t.Errorf("an expired URL: %v, %v", answer, err)
	}
	if seen := w.engine.operations(); len(seen) > 0 {
		t.Errorf("the engine saw %v", seen)
	}
}
