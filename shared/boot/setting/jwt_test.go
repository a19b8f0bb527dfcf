package setting_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gander-images/gander/shared/boot/setting"
)

// TestJWT reads what belongs to an issuer of tokens, and refuses what does not go
// together.
func TestJWT(t *testing.T) {
	file := filepath.Join(t.TempDir(), "mapping.yaml")
	broken := filepath.Join(t.TempDir(), "broken.yaml")
	for path, text := range map[string]string{file: "user_id: sub\nproject_id: p\nroles: r\n", broken: "user_id: sub\nproject: p\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const issuer, audience = "GANDER_JWT_ISSUER=https://login.example.org/realms/a/", "GANDER_JWT_AUDIENCE=gander, images"
	from := func(environ ...string) setting.Source {
		return setting.Source{Environ: append(environ, "GANDER_PUBLIC_ENDPOINT=https://i"), Uses: setting.Tokens | setting.Answers, Lambda: true}
	}
	v, err := setting.Read(from("GANDER_IDENTITY=jwt", issuer, audience, "GANDER_JWT_MAPPING="+file))
	if err != nil || v.JWT.Issuer != "https://login.example.org/realms/a/" || strings.Join(v.JWT.Audience, "+") != "gander+images" || v.JWT.Mapping == nil || v.Data != "" {
		t.Errorf("%+v, %v", v, err)
	}
	for name, c := range map[string]struct {
		environ []string
		want    []string
	}{
		"nothing":       {nil, []string{"GANDER_JWT_ISSUER: it is missing", "GANDER_JWT_AUDIENCE: it is missing"}},
		"plain HTTP":    {[]string{"GANDER_JWT_ISSUER=http://login.example.org", audience}, []string{"GANDER_JWT_ISSUER: only on this machine may it be http"}},
		"a password":    {[]string{"GANDER_JWT_ISSUER=https://a:secret@login.example.org", audience}, []string{"GANDER_JWT_ISSUER: a URL with a user name"}},
		"plain keys":    {[]string{issuer, audience, "GANDER_JWT_JWKS_URL=http://192.0.2.1/keys"}, []string{"GANDER_JWT_JWKS_URL: only on this machine"}},
		"no mapping":    {[]string{issuer, audience, "GANDER_JWT_MAPPING=/nowhere/mapping.yaml"}, []string{"GANDER_JWT_MAPPING: /nowhere/mapping.yaml: no such file"}},
		"a bad mapping": {[]string{issuer, audience, "GANDER_JWT_MAPPING=" + broken}, []string{"GANDER_JWT_MAPPING: " + broken + ": line 2: field project not found", "roles are missing"}},
		"a Keystone":    {[]string{issuer, audience, "GANDER_KEYSTONE_URL=https://k"}, []string{"GANDER_KEYSTONE_URL: it is for GANDER_IDENTITY=keystone, and that is jwt"}},
	} {
		_, err := setting.Read(from(append(c.environ, "GANDER_IDENTITY=jwt")...))
		for _, want := range c.want {
			if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if _, err := setting.Read(from(issuer, audience, "GANDER_DEVELOPMENT_KEY=ed25519:"+strings.Repeat("A", 43))); err == nil || !strings.Contains(err.Error(), "GANDER_JWT_ISSUER: it is for GANDER_IDENTITY=jwt, and that is development") {
		t.Errorf("tokens of an issuer that nobody asks: %v", err)
	}
}

// TestAuthorizer: only who is called by a gateway alone may take a caller from it,
// and the authorizer itself has to ask somebody.
func TestAuthorizer(t *testing.T) {
	const behind, public = "GANDER_IDENTITY=authorizer", "GANDER_PUBLIC_ENDPOINT=https://i"
	for name, c := range map[string]struct {
		from setting.Source
		want string
	}{
		"a Lambda":     {setting.Source{Environ: []string{behind, public}, Uses: setting.Tokens | setting.Answers, Lambda: true}, ""},
		"a listener":   {setting.Source{Environ: []string{behind}, Uses: setting.Tokens | setting.Answers | setting.Listens}, "only a Lambda has an authorizer in front"},
		"standalone":   {setting.Source{Environ: []string{behind}, Uses: everything}, "only a Lambda has an authorizer in front"},
		"the identity": {setting.Source{Environ: []string{behind}, Uses: setting.Issues | setting.Tokens | setting.Listens}, "what is served here is the development identity"},
		"itself":       {setting.Source{Environ: []string{behind, public}, Uses: setting.Tokens | setting.Authorizes, Lambda: true}, "this is the authorizer"},
		"a key beside": {setting.Source{Environ: []string{behind, public, "GANDER_DEVELOPMENT_KEY=ed25519:" + strings.Repeat("A", 43)}, Uses: setting.Tokens, Lambda: true}, "it is for GANDER_IDENTITY=development, and that is authorizer"},
		"no endpoint":  {setting.Source{Environ: []string{"GANDER_IDENTITY=keystone", "GANDER_KEYSTONE_URL=https://k"}, Uses: setting.Tokens | setting.Authorizes, Lambda: true}, "GANDER_PUBLIC_ENDPOINT: it is missing"},
	} {
		_, err := setting.Read(c.from)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
