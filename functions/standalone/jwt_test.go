//go:build clients && !cloud

package main

import (
	"crypto/ed25519"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// anIssuer publishes a key, and signs tokens of a user in the project demo with it.
func anIssuer(t *testing.T) (issuer string, token func(user, role string) string) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	answer := func(path string, what any) {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(what) })
	}
	answer("/.well-known/openid-configuration", map[string]string{"issuer": server.URL, "jwks_uri": server.URL + "/keys"})
	answer("/keys", jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{KeyID: "k", Key: public}}})
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.EdDSA, Key: private}, (&jose.SignerOptions{}).WithHeader("kid", "k"))
	if err != nil {
		t.Fatal(err)
	}
	return server.URL, func(user, role string) string {
		claims, err := json.Marshal(map[string]any{
			"iss": server.URL, "aud": "gander", "sub": user, "project_id": "demo", "roles": []string{role}, "exp": time.Now().Add(time.Hour).Unix(),
		})
		if err != nil {
			t.Fatal(err)
		}
		signed, err := signer.Sign(claims)
		if err != nil {
			t.Fatal(err)
		}
		text, err := signed.CompactSerialize()
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
}

// bearing is a terminal of somebody who was given a token, and knows the endpoint with its version.
func (s *service) bearing(token string) *terminal {
	s.t.Helper()
	at := s.terminal("")
	at.env = slices.DeleteFunc(at.env, func(pair string) bool { return strings.HasPrefix(pair, "OS_") })
	at.env = append(at.env, "OS_AUTH_TYPE=admin_token", "OS_ENDPOINT="+s.url+"/v2", "OS_TOKEN="+token)
	return at
}

// TestOpenStackByAToken gives stock clients the token of an issuer that is no
// Keystone.
func TestOpenStackByAToken(t *testing.T) {
	issuer, token := anIssuer(t)
	s := startBuilt(t, "GANDER_IDENTITY=jwt", "GANDER_JWT_ISSUER="+issuer, "GANDER_JWT_AUDIENCE=gander")
	member, reader := s.bearing(token("mia", "member")), s.bearing(token("rob", "reader"))
	member.run(`head -c 1M /dev/urandom > data && openstack image create --disk-format raw --container-format bare --file data cirros`)
	if owner := reader.run(`openstack image show cirros -f value -c owner`); owner != "demo" {
		t.Errorf("it belongs to %q", owner)
	}
	member.run(`openstack image save --file back cirros && cmp data back`)
	member.run(`openstack image set --name debian cirros`)
	if names := reader.run(`openstack image list -f value -c Name`); names != "debian" {
		t.Errorf("there are %q", names)
	}
	reader.fails(`openstack image delete debian`, "403")
	s.bearing(token("mia", "member")+"x").fails(`openstack image list`, "401")
	member.run(`openstack image delete debian`)
}
