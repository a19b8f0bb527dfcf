package boot

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// A signerDesk is an OpenID Connect issuer that signs whatever is asked.
type signerDesk struct {
	t      *testing.T
	server *httptest.Server
	key    *ecdsa.PrivateKey
}

func newSignerDesk(t *testing.T) *signerDesk {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	d := &signerDesk{t: t, key: key}
	mux := http.NewServeMux()
	d.server = httptest.NewServer(mux)
	t.Cleanup(d.server.Close)
	mux.HandleFunc("GET /realms/cloud/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]string{"issuer": d.issuer(), "jwks_uri": d.server.URL + "/keys"})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{KeyID: "k", Key: key.Public(), Algorithm: "ES256", Use: "sig"}}})
	})
	return d
}

func (d *signerDesk) issuer() string { return d.server.URL + "/realms/cloud" }

// token is one of a user in groups.
func (d *signerDesk) token(user, audience string, groups ...string) string {
	d.t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: d.key}, (&jose.SignerOptions{}).WithType("at+jwt").WithHeader("kid", "k"))
	if err != nil {
		d.t.Fatal(err)
	}
	claims, err := json.Marshal(map[string]any{
		"iss": d.issuer(), "aud": audience, "sub": user, "groups": groups, "iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix(),
	})
	if err != nil {
		d.t.Fatal(err)
	}
	signed, err := signer.Sign(claims)
	if err != nil {
		d.t.Fatal(err)
	}
	text, err := signed.CompactSerialize()
	if err != nil {
		d.t.Fatal(err)
	}
	return text
}

// TestServesTheTokensOfAnIssuer lets people in by the tokens of an OpenID Connect
// issuer: two of one project, one who only reads, one of another project.
func TestServesTheTokensOfAnIssuer(t *testing.T) {
	d := newSignerDesk(t)
	file := filepath.Join(t.TempDir(), "mapping.yaml")
	if err := os.WriteFile(file, []byte(`
user_id: sub
groups: groups
table:
  - {group: /demo/admins, project_id: demo, roles: [admin]}
  - {group: /demo, project_id: demo, roles: [member]}
  - {group: /demo/guests, project_id: demo, roles: [reader]}
  - {group: /other, project_id: other, roles: [member]}
`), 0o600); err != nil {
		t.Fatal(err)
	}
	r := serve(t, "GANDER_IDENTITY=jwt", "GANDER_JWT_ISSUER="+d.issuer(), "GANDER_JWT_AUDIENCE=images", "GANDER_JWT_MAPPING="+file, "GANDER_LOG_LEVEL=debug")
	mia, moe := d.token("mia", "images", "/demo"), d.token("moe", "images", "/x", "/demo")
	guest, other, ada := d.token("rob", "images", "/demo/guests"), d.token("otto", "images", "/other"), d.token("ada", "images", "/demo/admins")
	var made struct{ ID, Owner string }
	if err := json.Unmarshal([]byte(r.call(mia, "POST", "/v2/images", `{"name":"n"}`, 201)), &made); err != nil || made.Owner != "demo" {
		t.Fatalf("%+v, %v", made, err)
	}
	path := "/v2/images/" + made.ID
	r.call(moe, "GET", path, "", 200)
	r.call(guest, "GET", path, "", 200)
	r.call(guest, "DELETE", path, "", 403)
	r.call(other, "GET", path, "", 404)
	r.call(guest, "GET", "/v2/info/stores/detail", "", 403)
	r.call(ada, "GET", "/v2/info/stores/detail", "", 200)
	for name, token := range map[string]string{
		"no group": d.token("eve", "images"), "another audience": d.token("mia", "glance", "/demo"), "no token": "wrong", "no signature": mia[:strings.LastIndexByte(mia, '.')+1],
	} {
		if body := r.call(token, "DELETE", path, "", 401); !strings.Contains(body, "This request needs a valid token.") {
			t.Errorf("%s: %s", name, body)
		}
	}
	d.server.Close() // those whom it knows go on
	r.call(moe, "DELETE", path, "", 204)
	if _, err := os.Stat(filepath.Join(r.data, "identity.yaml")); err == nil {
		t.Error("there is a development identity beside")
	}
	log := r.stderr.String()
	for _, token := range []string{mia, moe, guest, other} {
		if strings.Contains(log, token) || strings.Contains(log, token[strings.LastIndexByte(token, '.')+1:]) {
			t.Error("a token is in the log")
		}
	}
	if !strings.Contains(log, "for another audience") {
		t.Error("the log does not say at debug why a token was refused")
	}
}
