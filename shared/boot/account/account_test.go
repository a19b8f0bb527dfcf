package account_test

import (
	"context"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/gander-images/gander/shared/boot/account"
	"github.com/gander-images/gander/shared/boot/account/chain"
)

// enough is what a Lambda is given.
var enough = []string{"AWS_REGION=eu-central-1", "AWS_ACCESS_KEY_ID=AKIA1", "AWS_SECRET_ACCESS_KEY=s3cr3t", "AWS_SESSION_TOKEN=t0k3n"}

func with(environ ...string) []string { return append(slices.Clone(enough), environ...) }

func TestALambdasEnvironment(t *testing.T) {
	cfg, faults := account.FromEnvironment(enough)
	if len(faults) > 0 || cfg.Region != "eu-central-1" || cfg.BaseEndpoint != nil {
		t.Fatalf("%q, %v, %v", cfg.Region, cfg.BaseEndpoint, faults)
	}
	keys, err := cfg.Credentials.Retrieve(t.Context())
	if err != nil || keys.AccessKeyID != "AKIA1" || keys.SecretAccessKey != "s3cr3t" || keys.SessionToken != "t0k3n" {
		t.Errorf("%+v, %v", keys, err)
	}
	if cfg, _ = account.FromEnvironment([]string{"AWS_DEFAULT_REGION=us-east-2"}); cfg.Region != "us-east-2" {
		t.Errorf("region %q", cfg.Region)
	}
}

// TestFaults: each names its variable, and none repeats a value.
func TestFaults(t *testing.T) {
	notPEM := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(notPEM, []byte("s3cr3t"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		environ []string
		faults  []string
	}{
		{nil, []string{"AWS_REGION: it is missing", "AWS_ACCESS_KEY_ID: it is missing, with AWS_SECRET_ACCESS_KEY"}},
		{[]string{"AWS_REGION=eu central", enough[1], enough[2]}, []string{"AWS_REGION: this is not the name of a region"}},
		{enough[:2], []string{"AWS_SECRET_ACCESS_KEY: it is missing beside AWS_ACCESS_KEY_ID"}},
		{[]string{enough[0], enough[2]}, []string{"AWS_ACCESS_KEY_ID: it is missing beside AWS_SECRET_ACCESS_KEY"}},
		{[]string{enough[0], "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://s3cr3t.example.org/"}, []string{"AWS_CONTAINER_CREDENTIALS_FULL_URI: without TLS"}},
		{[]string{enough[0], "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://169.254.170.23/v1/credentials"}, nil},
		{[]string{enough[0], "AWS_CONTAINER_CREDENTIALS_FULL_URI=https://keys.example.org/"}, nil},
		{[]string{enough[0], "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/v2/credentials/1"}, nil},
		{with("AWS_CA_BUNDLE=/nowhere/ca.pem"), []string{"AWS_CA_BUNDLE: open /nowhere/ca.pem"}},
		{with("AWS_CA_BUNDLE=" + notPEM), []string{"AWS_CA_BUNDLE: there is no certificate in " + notPEM}},
	} {
		_, faults := account.FromEnvironment(test.environ)
		if len(faults) != len(test.faults) {
			t.Errorf("%v: %v", test.environ, faults)
			continue
		}
		for i, want := range test.faults {
			if !strings.HasPrefix(faults[i], want) || strings.Contains(faults[i], "s3cr3t") {
				t.Errorf("%v: %q, want %q", test.environ, faults[i], want)
			}
		}
	}
}

// TestEndpoints: the variables move each service to another engine.
func TestEndpoints(t *testing.T) {
	const all, table = "AWS_ENDPOINT_URL=http://127.0.0.1:1", "AWS_ENDPOINT_URL_DYNAMODB=http://127.0.0.1:2"
	for _, test := range []struct {
		environ       []string
		table, bucket string
	}{
		{nil, "", ""},
		{[]string{all}, "http://127.0.0.1:1", "http://127.0.0.1:1"},
		{[]string{table}, "http://127.0.0.1:2", ""},
		{[]string{table, "AWS_ENDPOINT_URL_S3=http://127.0.0.1:3"}, "http://127.0.0.1:2", "http://127.0.0.1:3"},
		{[]string{table, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true"}, "", ""},
		{[]string{all, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true"}, "", ""},
	} {
		for _, pair := range test.environ { // the clients look for themselves, too
			name, value, _ := strings.Cut(pair, "=")
			t.Setenv(name, value)
		}
		cfg, faults := account.FromEnvironment(with(test.environ...))
		gotTable := aws.ToString(dynamodb.NewFromConfig(cfg).Options().BaseEndpoint)
		gotBucket := aws.ToString(s3.NewFromConfig(cfg).Options().BaseEndpoint)
		if len(faults) > 0 || gotTable != test.table || gotBucket != test.bucket {
			t.Errorf("%v: %q and %q, %v", test.environ, gotTable, gotBucket, faults)
		}
		for _, pair := range test.environ {
			name, _, _ := strings.Cut(pair, "=")
			os.Unsetenv(name) // Setenv puts it back
		}
	}
}

func TestOtherEndpointsOfTheService(t *testing.T) {
	cfg, _ := account.FromEnvironment(with("AWS_USE_FIPS_ENDPOINT=true", "AWS_USE_DUALSTACK_ENDPOINT=true"))
	o := dynamodb.NewFromConfig(cfg).Options().EndpointOptions
	if o.UseFIPSEndpoint != aws.FIPSEndpointStateEnabled || o.UseDualStackEndpoint != aws.DualStackEndpointStateEnabled {
		t.Errorf("%+v", o)
	}
}

// TestKeysOfAContainer: they are asked for where the platform says, with its
// token, which is read anew each time.
func TestKeysOfAContainer(t *testing.T) {
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("first"), 0o600); err != nil {
		t.Fatal(err)
	}
	var asked []string
	keys := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path+" "+r.Header.Get("Authorization"))
		_, _ = w.Write([]byte(`{"AccessKeyId":"AKIA2","SecretAccessKey":"x","Token":"y","Expiration":"2000-01-01T00:00:00Z"}`))
	}))
	defer keys.Close()
	cfg, faults := account.FromEnvironment([]string{enough[0], "AWS_CONTAINER_CREDENTIALS_FULL_URI=" + keys.URL + "/v1", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=" + token})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	for _, text := range []string{"first", "second"} {
		if err := os.WriteFile(token, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := cfg.Credentials.Retrieve(t.Context())
		if err != nil || got.AccessKeyID != "AKIA2" {
			t.Errorf("%+v, %v", got, err)
		}
	}
	if !slices.Equal(asked, []string{"/v1 first", "/v1 second"}) {
		t.Errorf("asked %q", asked)
	}
}

// TestOwnAuthorities: with AWS_CA_BUNDLE its certificates are believed, and
// without it they are not.
func TestOwnAuthorities(t *testing.T) {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(bundle, text, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, environ := range map[string][]string{"with": with("AWS_CA_BUNDLE=" + bundle), "without": enough} {
		cfg, _ := account.FromEnvironment(environ)
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := cfg.HTTPClient.Do(r)
		if err == nil {
			_ = answer.Body.Close()
		}
		if (err == nil) != (name == "with") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestChain: the command reads the same variables, and profiles besides.
func TestChain(t *testing.T) {
	for _, name := range []string{"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} {
		t.Setenv(name, "")
	}
	dir := t.TempDir()
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(dir, "config"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(dir, "credentials"))
	if _, faults := chain.Load(nil); !slices.Equal(faults, []string{account.NoRegion}) {
		t.Errorf("without anything: %v", faults)
	}
	profile := "[default]\nregion = eu-north-1\naws_access_key_id = AKIA3\naws_secret_access_key = x\n"
	if err := os.WriteFile(filepath.Join(dir, "config"), []byte(profile), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, faults := chain.Load(nil)
	if len(faults) > 0 || cfg.Region != "eu-north-1" {
		t.Fatalf("%q, %v", cfg.Region, faults)
	}
	if keys, err := cfg.Credentials.Retrieve(context.Background()); err != nil || keys.AccessKeyID != "AKIA3" {
		t.Errorf("%+v, %v", keys, err)
	}
	t.Setenv("AWS_PROFILE", "nobody's")
	if _, faults := chain.Load(nil); len(faults) != 1 || !strings.HasPrefix(faults[0], "AWS configuration: ") {
		t.Errorf("%v", faults)
	}
}
