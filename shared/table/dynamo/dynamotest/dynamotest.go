// Package dynamotest gives tests a table in an engine that stands in for
// DynamoDB, which the environment names as for every AWS SDK.
package dynamotest

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/gander-images/gander/localstack/emulator"
)

// Endpoint returns where the engine is. Without one the test fails.
func Endpoint(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL"} {
		if endpoint := os.Getenv(name); endpoint != "" {
			return endpoint
		}
	}
	t.Fatal("AWS_ENDPOINT_URL_DYNAMODB or AWS_ENDPOINT_URL must name the DynamoDB engine of this test")
	return ""
}

// Config returns the settings of the engine's clients, whose connections end with
// the test.
func Config(t testing.TB) aws.Config {
	t.Helper()
	Endpoint(t)
	cfg, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	if c, ok := cfg.HTTPClient.(*awshttp.BuildableClient); ok {
		transport = c.GetTransport()
	}
	transport.MaxIdleConnsPerHost = 64 // for suites of many writers
	t.Cleanup(transport.CloseIdleConnections)
	cfg.HTTPClient = client{http.Client{Transport: transport}}
	return cfg
}

// A client sends bodies that can only be read. With more the SDK sometimes cuts
// its own connection and makes a table twice: see the adapter's own bodies.
type client struct{ http.Client }

func (c client) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		r.Body = struct{ io.ReadCloser }{r.Body}
	}
	return c.Client.Do(r)
}

// Table makes a table in the template's shape, which goes with the test, and
// returns its name.
func Table(t testing.TB, cfg aws.Config) string {
	t.Helper()
	shape, err := emulator.ReadShape(template(t))
	if err != nil {
		t.Fatal(err)
	}
	name := "gander-" + strings.ToLower(rand.Text())
	if _, err := shape.MakeTable(t.Context(), cfg, name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, err := dynamodb.NewFromConfig(cfg).DeleteTable(context.Background(), &dynamodb.DeleteTableInput{TableName: &name})
		if err != nil {
			t.Error(err)
		}
	})
	return name
}

// template finds the project's template above the working directory.
func template(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		path := filepath.Join(dir, "template.yaml")
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			return path
		}
	}
	t.Fatal("no template.yaml above the working directory")
	return ""
}

// Ministack reports whether the engine is ministack.
func Ministack(t testing.TB, cfg aws.Config) bool {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, strings.TrimSuffix(Endpoint(t), "/")+"/_ministack/health", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := cfg.HTTPClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	return response.StatusCode == http.StatusOK
}
