package setting_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/boot/setting"
)

func TestKeySettings(t *testing.T) {
	v, err := read(everything | setting.Secrets)
	if err != nil || v.Deployment != "gander" || v.KeyDelay != time.Hour || v.KeyWindow != 30*24*time.Hour || v.VaultKeyFile != "" {
		t.Errorf("defaults: %q, %s, %s, %q, %v", v.Deployment, v.KeyDelay, v.KeyWindow, v.VaultKeyFile, err)
	}
	v, err = read(everything|setting.Secrets, "GANDER_DEPLOYMENT=Images-2", "GANDER_KEY_DELAY=0s", "GANDER_KEY_WINDOW_DAYS=7", "GANDER_VAULT_KEY_FILE=/k")
	if err != nil || v.Deployment != "Images-2" || v.KeyDelay != 0 || v.KeyWindow != 7*24*time.Hour || v.VaultKeyFile != "/k" {
		t.Errorf("set: %q, %s, %s, %q, %v", v.Deployment, v.KeyDelay, v.KeyWindow, v.VaultKeyFile, err)
	}
}

// A deployment's name must not reach into another's names, and no window is one that
// the vault does not take.
func TestWrongKeySettings(t *testing.T) {
	for _, pair := range []string{
		"GANDER_DEPLOYMENT=a/b", "GANDER_DEPLOYMENT=-a", "GANDER_DEPLOYMENT=a b", "GANDER_DEPLOYMENT=" + strings.Repeat("a", 200),
		"GANDER_KEY_DELAY=-1s", "GANDER_KEY_DELAY=1", "GANDER_KEY_WINDOW_DAYS=6", "GANDER_KEY_WINDOW_DAYS=31", "GANDER_KEY_WINDOW_DAYS=0",
		"GANDER_KEY_WINDOW_DAYS=7.5", "GANDER_KEY_WINDOW_DAYS=168h",
	} {
		name, _, _ := strings.Cut(pair, "=")
		if _, err := read(everything|setting.Secrets, pair); err == nil || !strings.Contains(err.Error(), name+": ") {
			t.Errorf("%s: %v", pair, err)
		}
	}
}
