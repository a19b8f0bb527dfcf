package scenarios

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// remade puts another header, payload or signature into a token; an empty one
// stays.
func remade(token, header, payload, signature string) string {
	parts := strings.Split(token, ".")
	encode := base64.RawURLEncoding.EncodeToString
	if header != "" {
		parts[0] = encode([]byte(header))
	}
	if payload != "" {
		parts[1] = encode([]byte(payload))
	}
	switch signature {
	case "":
	case "none":
		parts[2] = ""
	default:
		parts[2] = encode([]byte(signature))
	}
	return strings.Join(parts, ".")
}

// badTokens are what callers may show in place of the member's token.
func badTokens(t *testing.T) map[string]string {
	t.Helper()
	good := tokenOf("member")
	parts := strings.Split(good, ".")
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || len(parts) != 3 {
		t.Fatal(good, err)
	}
	all, err := issued()
	if err != nil {
		t.Fatal(err)
	}
	_, own, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	const eddsa, hs256 = `{"alg":"EdDSA","typ":"gander+jwt"}`, `{"alg":"HS256","typ":"gander+jwt"}`
	byOther := remade(good, eddsa, "", "x")
	byOther = byOther[:strings.LastIndexByte(byOther, '.')]
	secret, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(all.key, "ed25519:"))
	if err != nil {
		t.Fatal(err)
	}
	bySecret := remade(good, hs256, "", "x")
	bySecret = bySecret[:strings.LastIndexByte(bySecret, '.')]
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(bySecret))
	encode := base64.RawURLEncoding.EncodeToString
	return map[string]string{
		"a word":                  "wrong",
		"dots":                    "..",
		"not UTF-8":               "\xff\xfe\xff",
		"not ASCII":               good[:20] + "é" + good[20:],
		"with a scheme":           "Bearer " + good,
		"two in one":              good + "," + good,
		"two in a list":           good + ", " + good,
		"cut short":               good[:len(good)-8],
		"longer":                  good + "AAAA",
		"of another key":          byOther + "." + encode(ed25519.Sign(own, []byte(byOther))),
		"the key as a secret":     bySecret + "." + encode(mac.Sum(nil)),
		"none":                    remade(good, `{"alg":"none","typ":"gander+jwt"}`, "", "none"),
		"none, with a signature":  remade(good, `{"alg":"none","typ":"gander+jwt"}`, "", ""),
		"no signature":            remade(good, "", "", "none"),
		"other claims":            remade(good, "", strings.Replace(string(payload), `"member"`, `"admin"`, 1), ""),
		"another's signature":     strings.Join([]string{parts[0], parts[1], strings.Split(tokenOf("admin"), ".")[2]}, "."),
		"a line of something SQL": "' OR '1'='1",
	}
}

// Whatever is wrong with a token, callers are told that they need one, in the same
// words, and nothing is done.
func TestBadTokens(t *testing.T) {
	w := newWorld(t)
	id := w.made(`{}`)
	bare := w.refused("GET /v2/images/"+id, without("X-Auth-Token"), asJSON, named("none at all")).want(401)
	for name, token := range badTokens(t) {
		for _, line := range []string{"GET /v2/images/" + id, "DELETE /v2/images/" + id, "GET /v2/nope"} {
			got := w.refused(line, header("X-Auth-Token", token), asJSON, named(name)).want(401)
			if diff := cmp.Diff(string(bare.body), string(got.body)); diff != "" {
				t.Errorf("%s, %s: %s", name, line, diff)
			}
		}
		// A service that cannot be told vouches for nobody, and harms nobody.
		w.call("GET /v2/images/"+id, header("X-Service-Token", token), named(name+", of a service")).want(200)
	}
	long := strings.Repeat("a", 64<<10)
	w.refused("GET /v2/images/"+id, header("X-Auth-Token", long), named("64 KB")).want(401).says("valid token")
	w.call("GET /v2/images/"+id, header("X-Service-Token", long), named("64 KB, of a service")).want(200)
}

// Of two tokens nobody can say which is meant, be they the same.
func TestTwoTokens(t *testing.T) {
	w := newWorld(t)
	id := w.made(`{}`)
	two := func(name, first, second string) option {
		return func(r *http.Request) { r.Header[name] = []string{first, second} }
	}
	good := tokenOf("member")
	w.refused("GET /v2/images/"+id, two("X-Auth-Token", good, good), named("the same twice")).want(401).says("valid token")
	w.refused("GET /v2/images/"+id, two("X-Auth-Token", "wrong", good), named("a bad and a good one")).want(401).says("valid token")
	w.refused("GET /v2/images/"+id, two("X-Auth-Token", good, tokenOf("admin")), named("two people's")).want(401).says("valid token")
	w.refused("GET /v2/images/"+id, two("X-Auth-Token", good, good), header("X-Storage-Token", good), named("twice, and the other header")).want(401).says("valid token")
	w.refused("GET /v2/images/"+id, two("X-Auth-Token", " ", good), header("X-Storage-Token", good), named("a blank one, a good one, and the other header")).want(401).says("valid token")
	w.refused("GET /v2/images/"+id, without("X-Auth-Token"), two("X-Storage-Token", good, good), named("the other header twice")).want(401).says("valid token")
}

// What a client says of itself in other headers is never believed. Nor is a token
// looked for where signed URLs have their own.
func TestIdentityHeadersAreNotBelieved(t *testing.T) {
	w := newWorld(t)
	id := w.made(`{}`)
	told := func(r *http.Request) {
		for name, value := range map[string]string{
			"X-Identity-Status": "Confirmed", "X-User-Id": "ada", "X-User-Name": "ada", "X-User-Domain-Id": "default", "X-Project-Id": "demo",
			"X-Tenant-Id": "demo", "X-Project-Domain-Id": "default", "X-Domain-Id": "default", "X-Roles": "admin,service", "X-Role": "admin",
			"X-Is-Admin-Project": "True", "Openstack-System-Scope": "all", "X-Service-Identity-Status": "Confirmed", "X-Service-Roles": "service",
			"X-Service-User-Id": "svc", "X-Service-Catalog": "[]", "Remote-User": "ada", "X-Remote-User": "ada", "X-Forwarded-User": "ada",
		} {
			r.Header.Set(name, value)
		}
	}
	bearer := header("Authorization", "Bearer "+tokenOf("member"))
	w.refused("GET /v2/images/"+id, without("X-Auth-Token"), told).want(401)
	w.refused("GET /v2/images/"+id, without("X-Auth-Token"), bearer).want(401)
	w.call("GET /v2/images/"+id, bearer).want(200)
	w.call("GET /v2/images/"+id, header("Authorization", "Basic !")).want(200)
	w.refused("GET /v2/images/"+id, as("other"), told).want(404)
	w.refused("DELETE /v2/images/"+id, as("reader"), told).want(403)
	w.refused("GET /v2/info/stores/detail", told).want(403)
}
