package jwt

import (
	"crypto/rand"
	"crypto/rsa"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

func rsaKey(t *testing.T, bits int) *rsa.PrivateKey {
	t.Helper()
	t.Setenv("GODEBUG", "rsa1024min=0") // the library will not make what is tried here
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func answering(text []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(text) }
}

func (d *desk) wantAsked(what string, times int64) {
	d.t.Helper()
	if asked := d.asked.Load(); asked != times {
		d.t.Errorf("%s: the keys were fetched %d times, not %d", what, asked, times)
	}
}

// TestRotation has the issuer sign with a new key, and later take the old one
// back.
func TestRotation(t *testing.T) {
	d := newDesk(t)
	d.want(d.token(spec{}))
	d.wantAsked("the first token", 1)
	newer := spec{keyID: "two", key: private()["p256"], algorithm: jose.ES256}
	d.publish(nil, public("one", "rsa"), public("two", "p256"))
	d.refused("a new key, a moment after a fetch", d.token(newer))
	d.wantAsked("a moment after", 1)
	d.clock.pass(retryAfter)
	d.want(d.token(newer))
	d.want(d.token(spec{}))
	d.wantAsked("a new key", 2)
	if d.Version() != 0 {
		t.Error("a key that came made tokens doubtful")
	}
	d.publish(nil, public("two", "p256"))
	d.want(d.token(spec{})) // nobody has told yet
	d.clock.pass(usualLife)
	d.refused("a key that was withdrawn", d.token(spec{}))
	d.want(d.token(newer))
	if d.Version() != 1 {
		t.Error("tokens of a withdrawn key are remembered as good")
	}
	// An id that is given to another key is another key.
	d.publish(nil, public("two", "p384"))
	d.clock.pass(usualLife)
	d.refused("a key whose id another has now", d.token(newer))
}

// TestUnknownKeysAreAskedForSeldom: whoever sends what nobody signed has no keys
// fetched but once in a while.
func TestUnknownKeysAreAskedForSeldom(t *testing.T) {
	d := newDesk(t)
	d.want(d.token(spec{}))
	for i := range 100 {
		d.refused("a made-up key", d.token(spec{keyID: strings.Repeat("x", i+1)}))
	}
	d.wantAsked("within 30 s", 1)
	d.clock.pass(retryAfter)
	for range 100 {
		d.refused("a made-up key", d.token(spec{keyID: "x"}))
	}
	d.wantAsked("after 30 s", 2)
	d.refused("a bad signature by a known key", d.token(spec{key: private()["other rsa"]}))
	d.wantAsked("a bad signature", 2)
}

// TestIssuerDown has no keys to be had: nobody can tell, unless the token is wrong
// by itself. Keys that are there go on, for a day.
func TestIssuerDown(t *testing.T) {
	d := newDesk(t)
	d.publish(down)
	d.unsure("no keys yet", d.token(spec{}))
	d.unsure("no keys yet, again", d.token(spec{}))
	d.wantAsked("within 30 s", 1)
	d.refused("expired, without keys", d.token(spec{claims: map[string]any{"exp": 1}}))
	d.refused("no token, without keys", "wrong")
	d.publish(nil)
	d.clock.pass(retryAfter)
	d.want(d.token(spec{}))

	d.publish(down)
	d.clock.pass(usualLife)
	d.want(d.token(spec{}))
	d.wantAsked("down again", 3)
	d.refused("a bad signature by a key that is held", d.token(spec{key: private()["other rsa"]}))
	d.unsure("a key that may be new", d.token(spec{keyID: "two"}))
	d.wantAsked("down for a moment", 3)
	d.clock.pass(longest - usualLife - time.Second)
	d.want(d.token(spec{}))
	d.clock.pass(time.Second)
	d.unsure("after a day", d.token(spec{}))
	d.publish(nil)
	d.clock.pass(retryAfter)
	d.want(d.token(spec{}))
}

// TestOneFetch has many tokens wait for one fetch.
func TestOneFetch(t *testing.T) {
	d := newDesk(t)
	gate, inside := make(chan struct{}), make(chan struct{}, 100)
	keys := d.published()
	d.publish(func(w http.ResponseWriter, r *http.Request) {
		inside <- struct{}{}
		<-gate
		answering(keys)(w, r)
	})
	token := d.token(spec{})
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() { d.want(token) })
	}
	<-inside
	close(gate)
	all.Wait()
	d.wantAsked("50 at once", 1)
}

// published is what the issuer gives out.
func (d *desk) published() []byte {
	d.t.Helper()
	text, err := jose.JSONWebKeySet{Keys: d.issuer.keys}.Keys[0].MarshalJSON()
	if err != nil {
		d.t.Fatal(err)
	}
	return []byte(`{"keys":[` + string(text) + `]}`)
}

// TestBrokenKeySets: whatever the issuer answers but keys, nobody can tell.
func TestBrokenKeySets(t *testing.T) {
	one := string(newDesk(t).published())
	key := strings.TrimSuffix(strings.TrimPrefix(one, `{"keys":[`), `]}`)
	for name, answer := range map[string]http.HandlerFunc{
		"500":             func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
		"404":             http.NotFound,
		"a redirect":      func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/moved", http.StatusFound) },
		"a page":          answering([]byte("<html>")),
		"nothing":         answering(nil),
		"no keys":         answering([]byte(`{"keys":[]}`)),
		"null":            answering([]byte(`null`)),
		"only odd keys":   answering([]byte(`{"keys":[{"kty":"oct","k":"AA"}]}`)),
		"too many keys":   answering([]byte(`{"keys":[` + strings.Repeat(key+`,`, maxKeys) + key + `]}`)),
		"too long":        answering([]byte(one + strings.Repeat(" ", maxDocument))),
		"a broken answer": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		d := newDesk(t)
		d.publish(answer)
		d.unsure(name, d.token(spec{}))
	}
}

// toIssuer takes every request to the issuer, whatever host it is for.
type toIssuer struct{ url string }

func (t toIssuer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host = "http", strings.TrimPrefix(t.url, "http://")
	return http.DefaultTransport.RoundTrip(r)
}

// TestConfigurations asks an issuer that tells something else of itself.
func TestConfigurations(t *testing.T) {
	for name, about := range map[string]map[string]any{
		"another issuer": {"issuer": "https://login.example.org", "jwks_uri": "KEYS"},
		"no issuer":      {"jwks_uri": "KEYS"},
		"no place":       {"issuer": "ISSUER"},
		"a plain place":  {"issuer": "ISSUER", "jwks_uri": "http://login.example.org/keys"},
		"a file":         {"issuer": "ISSUER", "jwks_uri": "file:///etc/passwd"},
	} {
		d := newDesk(t, func(o *Options) { o.Client = &http.Client{Transport: toIssuer{o.Issuer}} })
		if about["issuer"] == "ISSUER" {
			about["issuer"] = d.url()
		}
		if about["jwks_uri"] == "KEYS" {
			about["jwks_uri"] = d.url() + "/keys"
		}
		d.about = about
		d.unsure(name, d.token(spec{}))
		d.wantAsked(name, 0)
	}
	// Where the operator says the place, nothing else is asked.
	var own *issuer
	d := newDesk(t, func(o *Options) {
		own = newIssuer(t)
		o.KeysURL = own.url() + "/keys"
	})
	d.want(d.token(spec{}))
	if d.asked.Load() != 0 || own.asked.Load() != 1 {
		t.Error("the keys came from elsewhere")
	}
}

// TestLivesOfKeys reads Cache-Control, within bounds.
func TestLivesOfKeys(t *testing.T) {
	for line, want := range map[string]time.Duration{
		"":                               usualLife,
		"public, max-age=600":            10 * time.Minute,
		"max-age=0":                      leastLife,
		"max-age=1":                      leastLife,
		"Max-Age=\"900\", public":        15 * time.Minute,
		"max-age=999999":                 mostLife,
		"max-age=99999999999999999999":   usualLife,
		"max-age=-1":                     usualLife,
		"no-store":                       leastLife,
		"private, no-cache, max-age=900": leastLife,
	} {
		if got := lifeOf(http.Header{"Cache-Control": {line}}); got != want {
			t.Errorf("%q: %v, not %v", line, got, want)
		}
	}
	d := newDesk(t)
	d.header.Set("Cache-Control", "max-age=600")
	d.want(d.token(spec{}))
	d.clock.pass(9 * time.Minute)
	d.want(d.token(spec{}))
	d.wantAsked("nine minutes of ten", 1)
	d.clock.pass(time.Minute)
	d.want(d.token(spec{}))
	d.wantAsked("ten minutes", 2)
}

// TestIssuers tells which can be asked.
func TestIssuers(t *testing.T) {
	for issuer, good := range map[string]bool{
		"https://login.example.org":           true,
		"https://login.example.org/realms/a/": true,
		"http://127.0.0.1:8080":               true,
		"http://[::1]:8080/x":                 true,
		"http://localhost":                    true,
		"http://login.example.org":            false,
		"http://127.0.0.1.example.org":        false,
		"https://a:b@login.example.org":       false,
		"https://login.example.org?x":         false,
		"https://login.example.org/#x":        false,
		"https://":                            false,
		"login.example.org":                   false,
		"file:///etc/passwd":                  false,
		"https://login.example.org/\x7f":      false,
		"":                                    false,
	} {
		_, err := New(Options{Issuer: issuer, Audience: []string{audience}})
		if (err == nil) != good {
			t.Errorf("%q: %v", issuer, err)
		}
	}
	if _, err := New(Options{Issuer: "https://login.example.org"}); err == nil {
		t.Error("no audience is taken")
	}
}
