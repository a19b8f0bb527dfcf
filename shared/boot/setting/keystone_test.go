package setting_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gander-images/gander/shared/boot/setting"
)

// TestKeystone: settings of Keystone go together, and with no other source of
// identity.
func TestKeystone(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const (
		keystone = "GANDER_IDENTITY=keystone"
		url      = "GANDER_KEYSTONE_URL=https://keystone.example.org/identity/v3/"
		user     = "GANDER_KEYSTONE_USERNAME=gander"
	)
	password := "GANDER_KEYSTONE_PASSWORD_FILE=" + file("password", "secret\r\n")
	for _, c := range []struct {
		name    string
		uses    setting.Use
		environ []string
		faults  []string // none: it is well
	}{
		{"each token about itself", shows, []string{keystone, url}, nil},
		{"a user", shows, []string{keystone, url, user, password}, nil},
		{"all of it", everything, []string{keystone, url, user, password, "GANDER_KEYSTONE_PROJECT=services", "GANDER_KEYSTONE_USER_DOMAIN=a", "GANDER_KEYSTONE_PROJECT_DOMAIN=b"}, nil},
		{"nobody is asked who they are", consumes, []string{keystone}, nil},
		{"no URL", shows, []string{keystone}, []string{"GANDER_KEYSTONE_URL: it is missing beside GANDER_IDENTITY=keystone"}},
		{"no URL that is one", shows, []string{keystone, "GANDER_KEYSTONE_URL=keystone.example.org"}, []string{`GANDER_KEYSTONE_URL: "keystone.example.org" is not a URL`}},
		{"a password in the URL", shows, []string{keystone, "GANDER_KEYSTONE_URL=https://gander:secret@keystone"}, []string{"GANDER_KEYSTONE_URL: a URL with a user name or password"}},
		{"no password", shows, []string{keystone, url, user}, []string{"GANDER_KEYSTONE_PASSWORD_FILE: it is missing beside GANDER_KEYSTONE_USERNAME"}},
		{"an absent password", shows, []string{keystone, url, user, "GANDER_KEYSTONE_PASSWORD_FILE=/nowhere/password"}, []string{"GANDER_KEYSTONE_PASSWORD_FILE: /nowhere/password: no such file"}},
		{"an empty password", shows, []string{keystone, url, user, "GANDER_KEYSTONE_PASSWORD_FILE=" + file("empty", "\n")}, []string{"GANDER_KEYSTONE_PASSWORD_FILE: " + filepath.Join(dir, "empty") + ": there is no password in it"}},
		{"no user", shows, []string{keystone, url, password, "GANDER_KEYSTONE_PROJECT=p"}, []string{
			"GANDER_KEYSTONE_PASSWORD_FILE: it is of no use without GANDER_KEYSTONE_USERNAME", "GANDER_KEYSTONE_PROJECT: it is of no use without GANDER_KEYSTONE_USERNAME",
		}},
		{"absent authorities", shows, []string{keystone, url, "GANDER_KEYSTONE_CA_FILE=/nowhere/ca.pem"}, []string{"GANDER_KEYSTONE_CA_FILE: /nowhere/ca.pem: no such file"}},
		{"no authorities", shows, []string{keystone, url, "GANDER_KEYSTONE_CA_FILE=" + file("ca.pem", "-")}, []string{"GANDER_KEYSTONE_CA_FILE: " + filepath.Join(dir, "ca.pem") + ": there is no certificate in it"}},
		{"another source", everything, []string{url, user}, []string{
			"GANDER_KEYSTONE_URL: it is for GANDER_IDENTITY=keystone, and that is development", "GANDER_KEYSTONE_USERNAME: it is for GANDER_IDENTITY=keystone, and that is development",
		}},
		{"a development key", shows, []string{keystone, url, goodKey}, []string{"GANDER_DEVELOPMENT_KEY: it is for GANDER_IDENTITY=development, and that is keystone"}},
		{"the development identity alone", setting.Issues | setting.Tokens | setting.Answers | setting.Listens, []string{keystone, url}, []string{"GANDER_IDENTITY: what is served here is the development identity"}},
	} {
		_, err := read(c.uses, c.environ...)
		var told setting.Faults
		errors.As(err, &told)
		if len(told) != len(c.faults) || strings.Contains(strings.Join(told, " "), "secret") {
			t.Errorf("%s: %q", c.name, told)
			continue
		}
		for i, want := range c.faults {
			if !strings.HasPrefix(told[i], want) {
				t.Errorf("%s: %q, not %q", c.name, told[i], want)
			}
		}
	}
}

// TestKeystonePassword is read anew each time, to the end of its line.
func TestKeystonePassword(t *testing.T) {
	path := filepath.Join(t.TempDir(), "password")
	k := setting.Keystone{PasswordFile: path}
	for text, want := range map[string]string{"first": "first", "second\n": "second", "third\r\n": "third", " with blanks \n": " with blanks ", "two\nlines": "two\nlines"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := k.Password(); got != want || err != nil {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
}
