package proxy_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go"

	"github.com/gander-images/gander/localstack/proxy"
	"github.com/gander-images/gander/localstack/secrets"
)

// TestSecretsAreGranted: functions may do with secrets what they are granted, on the
// names that they are granted it for, and sign for it.
func TestSecretsAreGranted(t *testing.T) {
	engine := httptest.NewServer(secrets.New(time.Now))
	t.Cleanup(engine.Close)
	own := aws.Credentials{AccessKeyID: "AKIA-f", SecretAccessKey: "s"}
	p := proxy.New(proxy.Config{Secrets: proxy.Upstream{Endpoint: engine.URL, Credentials: own}, Account: "123456789012"})
	p.Add(proxy.Function{Name: "f", Credentials: own, Permissions: []proxy.Permission{
		{Action: "secretsmanager:CreateSecret", Resource: "arn:aws:secretsmanager:us-east-1:123456789012:secret:d/*"},
		{Action: "secretsmanager:ListSecrets", Resource: "*"},
	}})
	url, stop, err := p.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	client := func(key aws.Credentials) *secretsmanager.Client {
		return secretsmanager.NewFromConfig(aws.Config{
			Region: "us-east-1", BaseEndpoint: &url, Retryer: func() aws.Retryer { return aws.NopRetryer{} },
			Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return key, nil }),
		})
	}
	create := func(c *secretsmanager.Client, name string) error {
		_, err := c.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: &name, SecretBinary: []byte("v")})
		return err
	}
	f := client(own)
	_, listed := f.ListSecrets(t.Context(), &secretsmanager.ListSecretsInput{})
	_, read := f.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: aws.String("d/k/1")})
	for what, c := range map[string]struct {
		err  error
		want string
	}{
		"its own":        {create(f, "d/k/1"), ""},
		"another's":      {create(f, "e/k/1"), "AccessDeniedException"},
		"a list":         {listed, ""},
		"a value":        {read, "AccessDeniedException"},
		"a wrong key":    {create(client(aws.Credentials{AccessKeyID: "AKIA-f", SecretAccessKey: "x"}), "d/k/2"), "InvalidSignatureException"},
		"an unknown key": {create(client(aws.Credentials{AccessKeyID: "AKIA-g", SecretAccessKey: "s"}), "d/k/2"), "UnrecognizedClientException"},
	} {
		var api smithy.APIError
		got := ""
		if errors.As(c.err, &api) {
			got = api.ErrorCode()
		}
		if got != c.want || c.want == "" && c.err != nil {
			t.Errorf("%s: %v, want %q", what, c.err, c.want)
		}
	}
	want := proxy.Use{Function: "f", Action: "secretsmanager:CreateSecret", Resource: "arn:aws:secretsmanager:us-east-1:123456789012:secret:d/k/1-AbCdEf"}
	if used := p.Uses(); !slices.Contains(used, want) {
		t.Errorf("recorded: %+v", used)
	}
}
