package s3

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/gander-images/gander/shared/blob"
	"github.com/gander-images/gander/shared/problem"
)

// presigned signs with credentials that end after left, or never for 0.
func presigned(t *testing.T, endpoint string, left, life time.Duration) (*url.URL, error) {
	t.Helper()
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	cfg := aws.Config{Region: "eu-west-1", Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "AKIAEXAMPLE", SecretAccessKey: "secret", SessionToken: "session", CanExpire: left != 0, Expires: now.Add(left)}, nil
	})}
	if endpoint != "" {
		cfg.BaseEndpoint = &endpoint
	}
	text, err := Open(cfg, bucketName, Clock(func() time.Time { return now })).Presign(t.Context(), "images/1/2", "v.1", life)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u, nil
}

// A URL binds bucket, name, version, content type and what caches may do, and asks
// the client for no header.
func TestPresign(t *testing.T) {
	u, err := presigned(t, "", 0, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if u.Scheme != "https" || u.Host != "bucket.s3.eu-west-1.amazonaws.com" || u.Path != "/images/1/2" {
		t.Errorf("the URL leads to %s://%s%s", u.Scheme, u.Host, u.Path)
	}
	for key, want := range map[string]string{
		"versionId": "v.1", "response-content-type": "application/octet-stream", "response-cache-control": "no-store",
		"X-Amz-Expires": "60", "X-Amz-SignedHeaders": "host",
		"X-Amz-Date": "20261126T120000Z", "X-Amz-Security-Token": "session", "X-Amz-Credential": "AKIAEXAMPLE/20261126/eu-west-1/s3/aws4_request",
	} {
		if got := u.Query().Get(key); got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	if strings.Contains(u.String(), "secret") {
		t.Error("the URL holds the key")
	}
}

// The bucket begins the path if, and only if, an endpoint is configured.
func TestPathStyle(t *testing.T) {
	u, err := presigned(t, "https://s3.example:8443/base", 0, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if u.Host != "s3.example:8443" || u.Path != "/base/bucket/images/1/2" {
		t.Errorf("the URL leads to %s%s", u.Host, u.Path)
	}
}

func TestPresignLife(t *testing.T) {
	for _, c := range []struct {
		left, life time.Duration
		want       string
	}{
		{0, time.Minute, "60"},
		{0, 1999 * time.Millisecond, "1"},
		{0, time.Hour, "300"},
		{0, blob.MaxPresign, "300"},
		{time.Hour, blob.MaxPresign, "300"},
		{time.Hour, time.Hour, "300"},
		{42 * time.Second, blob.MaxPresign, "42"},
		{time.Millisecond, blob.MaxPresign, ""},
		{-time.Hour, blob.MaxPresign, ""},
		{0, 0, ""},
		{0, -time.Minute, ""},
	} {
		u, err := presigned(t, "", c.left, c.life)
		if c.want == "" {
			if !problem.Is(err, problem.Unavailable) {
				t.Errorf("%+v: %v, %v; want a failure", c, u, err)
			}
			continue
		}
		if err != nil || u.Query().Get("X-Amz-Expires") != c.want {
			t.Errorf("%+v: %v, %v", c, u, err)
		}
	}
}
