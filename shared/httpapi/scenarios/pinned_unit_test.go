//go:build !cloud

package scenarios

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/table"
)

// meddling is a table in whose reads something else happens, once.
type meddling struct {
	table.Table
	meddle func()
}

func (m *meddling) Get(ctx context.Context, keys ...table.Key) ([]*table.Item, error) {
	if m.meddle != nil {
		m.meddle()
		m.meddle = nil
	}
	return m.Table.Get(ctx, keys...)
}

// A request that began under some rules is decided by them to its end.
func TestARequestHasOnePolicy(t *testing.T) {
	w := newInside(t)
	id := w.made(`{}`)
	file := filepath.Join(t.TempDir(), "policy.yaml")
	put := func(rules string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(rules), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("get_image: '!'\n")
	w.set("GANDER_POLICY_FILE=" + file)
	live, between := w.services.Policy.(*policy.Live), &meddling{Table: w.services.Images.Table}
	w.services.Images.Table = between
	between.meddle = func() {
		put("get_image: '@'\n")
		if changed, findings := live.Reload(); !changed || findings.Err() != nil {
			t.Error(findings)
		}
	}
	w.call("GET /v2/images/" + id).want(404)
	w.call("GET /v2/images/" + id).want(200)
}

// What cannot be taken leaves the service as it was, and health tells it.
func TestHealthOfABrokenPolicy(t *testing.T) {
	w := newInside(t)
	file := filepath.Join(t.TempDir(), "policy.yaml")
	put := func(rules string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(rules), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("get_images: '!'\n")
	w.set("GANDER_POLICY_FILE=" + file)
	w.call("GET /v2/images").want(403)
	put("get_images: '@'\nget_image: !\n")
	_, _ = w.services.Policy.(*policy.Live).Reload()
	w.call("GET /v2/images").want(403)
	w.call("GET /gander/v1/health", as("admin")).want(200).says(`"degraded":true`).says(`the policy files are not in force: policy.yaml:`).says(`get_image`)
	w.call("GET /healthcheck").want(200).is("OK")
	put("get_images: '@'\n")
	_, _ = w.services.Policy.(*policy.Live).Reload()
	w.call("GET /v2/images").want(200)
	w.call("GET /gander/v1/health", as("admin")).want(200).says(`"degraded":false,"why":[]`)
}

// Health is answered also where the metadata cannot be.
func TestHealthWithoutATable(t *testing.T) {
	w := newInside(t)
	w.services.Healthy = func(context.Context) error { return table.ErrBusy }
	got := w.call("GET /gander/v1/health", as("admin")).want(200).says(`"degraded":true,"why":["the metadata cannot be read"],"lag":{}`)
	got.says(`"gander":"test"`)
	w.call("GET /healthcheck").want(503)
}
