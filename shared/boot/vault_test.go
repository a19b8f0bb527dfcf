package boot

import (
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/gander-images/gander/shared/boot/setting"
	"github.com/gander-images/gander/shared/httpapi"
	"github.com/gander-images/gander/shared/key"
	"github.com/gander-images/gander/shared/vault"
	"github.com/gander-images/gander/shared/vault/local"
	"github.com/gander-images/gander/shared/vault/secretsmanager"
)

func buildFor(t *testing.T, v setting.Values, needs httpapi.Needs) (*services, error) {
	t.Helper()
	s, err := build(v, order{needs: needs, account: aws.Config{Region: "us-east-1"}}, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err == nil {
		t.Cleanup(func() { _ = s.close() })
	}
	return s, err
}

// TestEveryImageWriterCountsKeys: whoever has the table has the keys' records; a vault
// has only who needs it, and each mix has its own.
func TestEveryImageWriterCountsKeys(t *testing.T) {
	for _, c := range []struct {
		name  string
		cloud bool
		needs httpapi.Needs
		has   func(vault.Vault) bool
	}{
		{"image-update", false, httpapi.ImageUpdate.Needs, func(v vault.Vault) bool { return v == nil }},
		{"secret-create", false, httpapi.SecretCreate.Needs, func(v vault.Vault) bool { _, ok := v.(*local.Vault); return ok }},
		{"sweeper", false, Sweeper.Needs, func(v vault.Vault) bool { _, ok := v.(*local.Vault); return ok }},
		{"image-update", true, httpapi.ImageUpdate.Needs, func(v vault.Vault) bool { return v == nil }},
		{"reaper", true, Reaper.Needs, func(v vault.Vault) bool { _, ok := v.(*secretsmanager.Vault); return ok }},
	} {
		v := setting.Values{Data: t.TempDir(), KeyDelay: time.Minute, KeyWindow: vault.MinWindow}
		if c.cloud {
			v.Data, v.Table, v.Bucket, v.Deployment = "", "table", "bucket", "d"
		}
		s, err := buildFor(t, v, c.needs&^httpapi.Tokens)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		k := s.api.Keys
		if k == nil || k != s.api.Images.Keys || k.Delay != time.Minute || k.Window != vault.MinWindow || !c.has(k.Vault) {
			t.Errorf("%s, cloud: %v: %+v", c.name, c.cloud, k)
		}
		for _, kind := range []string{key.StepKind, key.RetiredKind} {
			if s.runner.Handlers[kind] == nil {
				t.Errorf("%s: nobody does what is due of kind %s", c.name, kind)
			}
		}
	}
}

// TestP14NoStartWithoutTheVaultsKey: a key file that is gone, or open to others, stops
// the start; a vault without its key is not begun anew.
func TestP14NoStartWithoutTheVaultsKey(t *testing.T) {
	for want, harm := range map[string]func(file string) error{
		"is missing": os.Remove,
		"mode 0644":  func(file string) error { return os.Chmod(file, 0o644) }, //nolint:gosec // that is the fault
	} {
		for _, own := range []string{"", filepath.Join(t.TempDir(), "own.key")} {
			v := setting.Values{Data: t.TempDir(), VaultKeyFile: own}
			s, err := buildFor(t, v, httpapi.SecretCreate.Needs&^httpapi.Tokens)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.close(); err != nil {
				t.Fatal(err)
			}
			file := own
			if own == "" {
				file = filepath.Join(v.Data, "vault.key")
			}
			if err := harm(file); err != nil {
				t.Fatal(err)
			}
			_, err = buildFor(t, v, httpapi.SecretCreate.Needs&^httpapi.Tokens)
			if err == nil || !strings.Contains(err.Error(), "GANDER_VAULT_KEY_FILE: ") || !strings.Contains(err.Error(), want) {
				t.Errorf("%s, %q: %v", want, own, err)
			}
			_ = os.Remove(own)
		}
	}
}
