//go:build cloud

package secretsmanager_test

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/uuid"

	"github.com/gander-images/gander/localstack/emulatortest"
	"github.com/gander-images/gander/shared/vault/secretsmanager"
	"github.com/gander-images/gander/shared/vault/vaulttest"
)

// wrongIn tells what an engine is known to get wrong. See docs/emulators.md.
func wrongIn(t *testing.T, cfg aws.Config) map[string]string {
	wrong := map[string]string{}
	if localstack(t, cfg) {
		return wrong
	}
	const known = "moto answers as before to a request that it knows, though the secret is scheduled since"
	wrong["Create/while it is scheduled"] = known
	wrong["Faults/Create arrives after all was scheduled"] = known
	return wrong
}

// localstack reports whether it is the engine that the environment names.
func localstack(t *testing.T, cfg aws.Config) bool {
	t.Helper()
	endpoint := os.Getenv("AWS_ENDPOINT_URL_SECRETS_MANAGER")
	if endpoint == "" {
		endpoint = os.Getenv("AWS_ENDPOINT_URL")
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, strings.TrimSuffix(endpoint, "/")+"/_localstack/health", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := cfg.HTTPClient.Do(request)
	if err != nil {
		t.Fatalf("asking what engine this is; localstack/emulate starts one: %v", err)
	}
	defer response.Body.Close()
	return response.StatusCode == http.StatusOK
}

func TestConformanceOfEngines(t *testing.T) {
	cfg, err := emulatortest.SecretsConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	wrong := wrongIn(t, cfg)
	vaulttest.Run(t, func(*testing.T) vaulttest.Store {
		return vaulttest.Store{Vault: secretsmanager.Open(cfg, "test-"+uuid.NewString()), Wrong: wrong}
	})
}
