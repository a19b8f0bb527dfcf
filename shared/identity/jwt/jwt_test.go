package jwt

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/gander-images/gander/shared/caller"
)

// TestCallers reads who a token of plain claims stands for.
func TestCallers(t *testing.T) {
	d := newDesk(t)
	want := caller.Caller{
		UserID: "mia", UserDomainID: "default", ProjectID: "demo", ProjectDomainID: "default",
		Roles: []string{"member", "reader"}, IsAdminProject: true, ExpiresAt: time.Unix(1_800_000_600, 0),
	}
	if diff := cmp.Diff(want, d.want(d.token(spec{}))); diff != "" {
		t.Error(diff)
	}
	// The same, however it is said.
	for name, s := range map[string]spec{
		"several audiences": {claims: map[string]any{"aud": []string{"x", audience}}},
		"another of ours":   {claims: map[string]any{"aud": "elsewhere"}},
		"no iat":            {claims: map[string]any{"iat": nil}},
		"a nbf":             {claims: map[string]any{"nbf": 1_800_000_000}},
		"the issuer ahead":  {claims: map[string]any{"nbf": 1_800_000_060, "iat": 1_800_000_060}},
		"an access token":   {header: map[jose.HeaderKey]any{"typ": "at+jwt"}},
		"in full":           {header: map[jose.HeaderKey]any{"typ": "application/AT+JWT"}},
		"more in it":        {claims: map[string]any{"nonce": "x", "address": map[string]any{"city": []any{1, nil, true}}}},
	} {
		if diff := cmp.Diff(want, d.want(d.token(s))); diff != "" {
			t.Error(name, diff)
		}
	}
}

// TestAlgorithms takes each that is listed, by a key that is made for it, and no
// other.
func TestAlgorithms(t *testing.T) {
	kinds := map[jose.SignatureAlgorithm]string{
		jose.RS256: "rsa", jose.RS384: "rsa", jose.RS512: "rsa", jose.PS256: "rsa", jose.PS384: "rsa", jose.PS512: "rsa",
		jose.ES256: "p256", jose.ES384: "p384", jose.ES512: "p521", jose.EdDSA: "ed",
	}
	d := newDesk(t)
	var keys []jose.JSONWebKey
	for _, kind := range []string{"rsa", "p256", "p384", "p521", "ed"} {
		keys = append(keys, public(kind, kind))
	}
	pinned := public("pinned", "rsa")
	pinned.Algorithm = string(jose.PS256)
	d.publish(nil, append(keys, pinned)...)
	for _, algorithm := range algorithms {
		kind := kinds[algorithm]
		s := spec{algorithm: algorithm, key: private()[kind], keyID: kind}
		d.want(d.token(s))
		s.keyID = "-" // then each key is tried that is made for it
		d.want(d.token(s))
		s.keyID = "pinned"
		if algorithm == jose.PS256 {
			d.want(d.token(s))
		} else {
			d.refused(string(algorithm)+" of a key for another", d.token(s))
		}
	}
	if len(kinds) != len(algorithms) {
		t.Errorf("%d algorithms are tried, %d are taken", len(kinds), len(algorithms))
	}
}

// TestRefusedClaims changes one thing in a good token.
func TestRefusedClaims(t *testing.T) {
	d := newDesk(t)
	for name, claims := range map[string]map[string]any{
		"another issuer":       {"iss": "https://login.example.org"},
		"the issuer with more": {"iss": d.url() + "/"},
		"no issuer":            {"iss": nil},
		"several issuers":      {"iss": []string{d.url()}},
		"another audience":     {"aud": "glance"},
		"others' audiences":    {"aud": []string{"glance", "gander2"}},
		"no audience":          {"aud": nil},
		"an empty audience":    {"aud": []string{}},
		"an odd audience":      {"aud": []any{audience, 5}},
		"an audience in an object": {"aud": map[string]any{
			"aud": audience,
		}},
		"expired just now":      {"exp": 1_800_000_000},
		"expired":               {"exp": 1_799_990_000},
		"no end":                {"exp": nil},
		"an end in words":       {"exp": "1800000600"},
		"an end never":          {"exp": 1e300},
		"an end too far away":   {"exp": 1e12},
		"an end before time":    {"exp": -5},
		"not yet":               {"nbf": 1_800_000_061},
		"made in the future":    {"iat": 1_800_000_061},
		"made at no time":       {"iat": "now"},
		"bound to a key":        {"cnf": map[string]any{"jkt": "x"}},
		"no user":               {"sub": nil},
		"an empty user":         {"sub": ""},
		"a user with a newline": {"sub": "mia\r\nX-Roles: admin"},
		"a user with a NUL":     {"sub": "mia\x00"},
		"a user of no text":     {"sub": 17},
		"a long user":           {"sub": strings.Repeat("m", 256)},
		"no project":            {"project_id": nil},
		"an empty project":      {"project_id": ""},
		"several projects":      {"project_id": []string{"demo", "other"}},
		"roles in a text list":  {"roles": []any{"member", 5}},
		"roles in an object":    {"roles": map[string]any{"admin": true}},
		"too many roles":        {"roles": strings.Split(strings.Repeat("r,", 1000)+"r", ",")},
	} {
		d.refused(name, d.token(spec{claims: claims}))
	}
	if d.asked.Load() != 0 {
		t.Errorf("keys were fetched for tokens that are wrong without them")
	}
}

// TestRefusedForms hands over what is no signed token of the one form.
func TestRefusedForms(t *testing.T) {
	d := newDesk(t)
	good := d.token(spec{})
	parts := strings.Split(good, ".")
	join := func(header, payload, signature string) string { return header + "." + payload + "." + signature }
	encode := base64.RawURLEncoding.EncodeToString
	encrypter, err := jose.NewEncrypter(jose.A128GCM, jose.Recipient{Algorithm: jose.RSA_OAEP, Key: private()["rsa"].Public()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := encrypter.Encrypt([]byte(good))
	if err != nil {
		t.Fatal(err)
	}
	encrypted, err := sealed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	claims, _ := json.Marshal(d.goodClaims())
	twice := bytes.Replace(claims, []byte(`"sub":"mia"`), []byte(`"sub":"ada","sub":"mia"`), 1)
	deepTwice := bytes.Replace(claims, []byte(`"sub":"mia"`), []byte(`"sub":"mia","x":[{"a":1,"a":2}]`), 1)
	surrogate := bytes.Replace(claims, []byte(`"mia"`), []byte(`"mia\ud800"`), 1)
	notUTF8 := bytes.Replace(claims, []byte(`"mia"`), []byte("\"mia\xff\""), 1)
	deep := bytes.Replace(claims, []byte(`"mia"`), []byte(`"mia","x":`+strings.Repeat("[", 40)+strings.Repeat("]", 40)), 1)
	for name, token := range map[string]string{
		"nothing":               "",
		"a word":                "wrong",
		"64 KB":                 strings.Repeat("a", 64<<10),
		"64 KB of claims":       d.token(spec{claims: map[string]any{"x": strings.Repeat("a", 64<<10)}}),
		"dots":                  "..",
		"many dots":             strings.Repeat(".", 60000),
		"not UTF-8":             "\xff\xfe.\xff.\xff",
		"a line break":          good[:20] + "\r\n" + good[20:],
		"JSON form":             `{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`,
		"without a signature":   join(parts[0], parts[1], ""),
		"none":                  join(encode([]byte(`{"alg":"none","typ":"JWT"}`)), parts[1], ""),
		"None with a signature": join(encode([]byte(`{"alg":"None","typ":"JWT","kid":"one"}`)), parts[1], parts[2]),
		"no algorithm":          join(encode([]byte(`{"typ":"JWT","kid":"one"}`)), parts[1], parts[2]),
		"two algorithms":        join(encode([]byte(`{"alg":"none","alg":"RS256","kid":"one"}`)), parts[1], parts[2]),
		"other claims":          join(parts[0], encode(bytes.Replace(claims, []byte("mia"), []byte("ada"), 1)), parts[2]),
		"another header":        join(encode([]byte(`{"alg":"RS256","kid":"one"}`)), parts[1], parts[2]),
		"padded":                join(parts[0]+"=", parts[1], parts[2]),
		"encrypted":             encrypted,
		"nested":                d.token(spec{header: map[jose.HeaderKey]any{"cty": "JWT"}, payload: []byte(good)}),
		"called nested":         d.token(spec{header: map[jose.HeaderKey]any{"cty": "JWT"}}),
		"an empty key id":       d.token(spec{header: map[jose.HeaderKey]any{"kid": ""}, keyID: "-"}),
		"nested in silence":     d.token(spec{payload: []byte(good)}),
		"claims in a list":      d.token(spec{payload: []byte(`[` + string(claims) + `]`)}),
		"two objects":           d.token(spec{payload: append(claims, claims...)}),
		"no claims":             d.token(spec{payload: []byte{}}),
		"a claim twice":         d.token(spec{payload: twice}),
		"a claim twice, inside": d.token(spec{payload: deepTwice}),
		"half a character":      d.token(spec{payload: surrogate}),
		"claims not UTF-8":      d.token(spec{payload: notUTF8}),
		"a claim not UTF-8":     d.token(spec{payload: bytes.Replace(claims, []byte(`"mia"`), []byte("\"mia\",\"x\":\"\xff\""), 1)}),
		"deep claims":           d.token(spec{payload: deep}),
		"crit":                  d.token(spec{header: map[jose.HeaderKey]any{"crit": []string{"exp"}, "exp": 1}}),
		"crit of b64":           d.token(spec{header: map[jose.HeaderKey]any{"crit": []string{"b64"}, "b64": true}}),
		"a token that logs out": d.token(spec{header: map[jose.HeaderKey]any{"typ": "logout+jwt"}}),
		"a development token":   d.token(spec{header: map[jose.HeaderKey]any{"typ": "gander+jwt"}}),
		"a type of no text":     d.token(spec{header: map[jose.HeaderKey]any{"typ": 5}}),
		"a key id of no text":   d.token(spec{header: map[jose.HeaderKey]any{"kid": 5}, keyID: "-"}),
	} {
		d.refused(name, token)
	}
}

// TestForgedSignatures signs good claims with what the issuer does not hold.
func TestForgedSignatures(t *testing.T) {
	d := newDesk(t)
	d.want(d.token(spec{})) // the keys are there
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	embedded := jose.JSONWebKey{Key: own.Public(), KeyID: "one"}
	other := private()["other rsa"]
	for name, s := range map[string]spec{
		"another key":                        {key: other},
		"another key, no id":                 {key: other, keyID: "-"},
		"another key, unknown id":            {key: other, keyID: "two"},
		"another kind of key":                {key: private()["p256"], algorithm: jose.ES256},
		"a key in the header":                {key: own, algorithm: jose.ES256, header: map[jose.HeaderKey]any{"jwk": embedded}},
		"an address of a key in the header":  {key: own, algorithm: jose.ES256, header: map[jose.HeaderKey]any{"jku": "http://127.0.0.1:1/keys"}, keyID: "evil"},
		"a path as a key id":                 {key: other, keyID: "../../../../dev/null"},
		"a query as a key id":                {key: other, keyID: "one' OR '1'='1"},
		"an id that is the key's with a NUL": {key: other, keyID: "one\x00"},
	} {
		d.refused(name, d.token(s))
	}
	d.confuse()
}

// confuse signs with the issuer's public key as if it were a secret, in each form
// that a careless verifier may hold it in.
func (d *desk) confuse() {
	d.t.Helper()
	public := private()["rsa"].Public()
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		d.t.Fatal(err)
	}
	asJWK, err := json.Marshal(jose.JSONWebKey{Key: public, KeyID: "one"})
	if err != nil {
		d.t.Fatal(err)
	}
	for i, secret := range [][]byte{der, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), asJWK, {}} {
		claims, _ := json.Marshal(d.goodClaims())
		encode := base64.RawURLEncoding.EncodeToString
		signing := encode([]byte(`{"alg":"HS256","kid":"one","typ":"JWT"}`)) + "." + encode(claims)
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(signing))
		d.refused(fmt.Sprint("HS256 with the public key ", i), signing+"."+encode(mac.Sum(nil)))
	}
}

// TestUntakenKeys publishes keys that nothing may be signed by, and one that is
// good.
func TestUntakenKeys(t *testing.T) {
	d := newDesk(t)
	secret := []byte("0123456789abcdef0123456789abcdef")
	encryption := public("encryption", "rsa")
	encryption.Use = "enc"
	small := rsaKey(t, 1024)
	keys, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{
		{KeyID: "secret", Key: secret}, encryption, {KeyID: "small", Key: small.Public()}, public("one", "rsa"),
	}})
	if err != nil {
		t.Fatal(err)
	}
	foreign := bytes.Replace(keys, []byte(`{"keys":[`), []byte(`{"keys":[{"kty":"OKP","crv":"X448","x":"AA"},{"kty":"?"},5,`+
		`{"kty":"RSA","key_ops":["encrypt"],"kid":"ops",`+string(modulus(t))+`},`), 1)
	d.publish(answering(foreign))
	d.want(d.token(spec{}))
	d.refused("a secret that was published", d.token(spec{algorithm: jose.HS256, key: secret, keyID: "secret"}))
	d.refused("a key for encryption", d.token(spec{keyID: "encryption"}))
	d.refused("a key for other operations", d.token(spec{keyID: "ops"}))
	if held := len(d.Validator.keys.held.list); held != 1 {
		t.Errorf("%d keys are held", held)
	}
}

// modulus is the good key's fields, to be put into another.
func modulus(t *testing.T) []byte {
	t.Helper()
	text, err := jose.JSONWebKey{Key: private()["rsa"].Public()}.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	return bytes.TrimSuffix(bytes.TrimPrefix(text, []byte(`{"kty":"RSA",`)), []byte("}"))
}
