package jwt

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/identity"
	"github.com/gander-images/gander/shared/problem"
)

const audience = "gander"

// private keys that tokens are signed with here, by kind; made once, for RSA's
// take long.
var private = sync.OnceValue(func() map[string]crypto.Signer {
	keys := map[string]crypto.Signer{}
	for _, name := range []string{"rsa", "other rsa"} {
		keys[name], _ = rsa.GenerateKey(rand.Reader, 2048)
	}
	for name, curve := range map[string]elliptic.Curve{"p256": elliptic.P256(), "p384": elliptic.P384(), "p521": elliptic.P521()} {
		keys[name], _ = ecdsa.GenerateKey(curve, rand.Reader)
	}
	_, keys["ed"], _ = ed25519.GenerateKey(rand.Reader)
	return keys
})

// An issuer is one that is asked over HTTP, and that can be broken.
type issuer struct {
	t      testing.TB
	server *httptest.Server
	asked  atomic.Int64 // for keys

	mu     sync.Mutex
	keys   []jose.JSONWebKey
	answer http.HandlerFunc // in place of the keys
	about  map[string]any   // in place of the configuration
	header http.Header      // of the keys
}

// newIssuer publishes one key, "one", for RS256.
func newIssuer(t testing.TB) *issuer {
	i := &issuer{t: t, header: http.Header{}}
	i.keys = []jose.JSONWebKey{public("one", "rsa")}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		i.mu.Lock()
		defer i.mu.Unlock()
		about := i.about
		if about == nil {
			about = map[string]any{"issuer": i.url(), "jwks_uri": i.url() + "/keys"}
		}
		_ = json.NewEncoder(w).Encode(about)
	})
	mux.HandleFunc("GET /keys", i.serveKeys)
	mux.HandleFunc("GET /moved", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: i.keys})
	})
	i.server = httptest.NewServer(mux)
	t.Cleanup(i.server.Close)
	return i
}

func (i *issuer) url() string { return i.server.URL }

func (i *issuer) serveKeys(w http.ResponseWriter, r *http.Request) {
	i.asked.Add(1)
	i.mu.Lock()
	answer, keys := i.answer, slices.Clone(i.keys)
	for name, values := range i.header {
		w.Header()[name] = values
	}
	i.mu.Unlock()
	if answer != nil {
		answer(w, r)
		return
	}
	_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: keys})
}

// publish changes the keys; a nil answer gives them out.
func (i *issuer) publish(answer http.HandlerFunc, keys ...jose.JSONWebKey) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.answer = answer
	if keys != nil {
		i.keys = keys
	}
}

func down(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }

// public is the public half of a key, under an id.
func public(id, kind string) jose.JSONWebKey {
	return jose.JSONWebKey{KeyID: id, Key: private()[kind].Public(), Use: "sig"}
}

// A clock stands still until it is moved.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// A desk is a validator before an issuer.
type desk struct {
	*Validator
	*issuer
	clock *clock
	logs  *bytes.Buffer
}

func newDesk(t testing.TB, change ...func(*Options)) *desk {
	d := &desk{issuer: newIssuer(t), clock: &clock{now: time.Unix(1_800_000_000, 0)}, logs: &bytes.Buffer{}}
	o := Options{
		Issuer: d.url(), Audience: []string{"elsewhere", audience}, Now: d.clock.Now,
		Log: slog.New(slog.NewJSONHandler(d.logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, c := range change {
		c(&o)
	}
	var err error
	if d.Validator, err = New(o); err != nil {
		t.Fatal(err)
	}
	return d
}

// A spec is a token to be: claims and header fields that differ from a good
// one's. A nil value takes one away.
type spec struct {
	claims    map[string]any
	header    map[jose.HeaderKey]any
	key       any // or "rsa"
	keyID     string
	algorithm jose.SignatureAlgorithm // or RS256
	payload   []byte                  // in place of the claims
}

func (d *desk) goodClaims() map[string]any {
	now := d.clock.Now().Unix()
	return map[string]any{
		"iss": d.url(), "aud": audience, "sub": "mia", "iat": now, "exp": now + 600,
		"project_id": "demo", "roles": []string{"member"},
	}
}

// token signs a good token, as the spec changes it.
func (d *desk) token(s spec) string {
	d.t.Helper()
	claims := d.goodClaims()
	for name, value := range s.claims {
		if claims[name] = value; value == nil {
			delete(claims, name)
		}
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		d.t.Fatal(err)
	}
	if s.payload != nil {
		payload = s.payload
	}
	return d.signed(s, payload)
}

func (d *desk) signed(s spec, payload []byte) string {
	d.t.Helper()
	o := (&jose.SignerOptions{}).WithType("JWT")
	for name, value := range s.header {
		o.WithHeader(name, value)
	}
	key := jose.SigningKey{Algorithm: jose.RS256, Key: any(private()["rsa"])}
	if s.key != nil {
		key.Key = s.key
	}
	if s.algorithm != "" {
		key.Algorithm = s.algorithm
	}
	switch s.keyID {
	case "-":
	case "":
		o.WithHeader("kid", "one")
	default:
		o.WithHeader("kid", s.keyID)
	}
	signer, err := jose.NewSigner(key, o)
	if err != nil {
		d.t.Fatal(err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		d.t.Fatal(err)
	}
	text, err := signed.CompactSerialize()
	if err != nil {
		d.t.Fatal(err)
	}
	return text
}

// want has the token taken.
func (d *desk) want(token string) caller.Caller {
	d.t.Helper()
	verdict, err := d.Validate(d.t.Context(), token, identity.Ask{})
	if err != nil {
		d.t.Fatalf("%v", err)
	}
	return verdict.Caller
}

// refused has the token refused, in the words that all are refused with.
func (d *desk) refused(name, token string) {
	d.t.Helper()
	verdict, err := d.Validate(d.t.Context(), token, identity.Ask{Voucher: "a service's"})
	_, told := problem.Status(err)
	if !problem.Is(err, problem.Unauthorized) || told != "The request you have made requires authentication." {
		d.t.Errorf("%s: %+v, %v", name, verdict.Caller, err)
	}
	d.keepsQuiet(name, token, err)
}

// unsure has nobody able to tell.
func (d *desk) unsure(name, token string) {
	d.t.Helper()
	verdict, err := d.Validate(d.t.Context(), token, identity.Ask{})
	if err == nil || problem.Is(err, problem.Unauthorized) {
		d.t.Errorf("%s: %+v, %v", name, verdict.Caller, err)
	}
	d.keepsQuiet(name, token, err)
}

// keepsQuiet holds that neither the error nor the log has a part of the token.
func (d *desk) keepsQuiet(name, token string, err error) {
	d.t.Helper()
	for part := range strings.SplitSeq(token, ".") {
		if len(part) > 8 && err != nil && (strings.Contains(err.Error(), part) || strings.Contains(d.logs.String(), part)) {
			d.t.Errorf("%s: a part of the token is told: %v\n%s", name, err, d.logs)
		}
	}
}
