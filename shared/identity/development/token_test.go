package development

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/gander-images/gander/shared/identity"
	"github.com/gander-images/gander/shared/problem"
)

// Both can stand below a Front.
var (
	_ identity.Validator = (*Identity)(nil)
	_ identity.Versioned = (*Identity)(nil)
	_ identity.Validator = (*Verifier)(nil)
)

// TestTokenSurvivesARestart, and so do the people and the key.
func TestTokenSurvivesARestart(t *testing.T) {
	w := newWorld(t)
	token, key, password := w.token("demo", onDemo), w.PublicKey(), w.password("demo")
	w.restart()
	if !w.works(token) || w.PublicKey() != key || w.password("demo") != password {
		t.Error("a restart changed who is who")
	}
}

// TestTokenExpires holds the last and the first moment.
func TestTokenExpires(t *testing.T) {
	w := newWorld(t)
	verifier, err := NewVerifier(w.PublicKey(), w.options.Now)
	if err != nil {
		t.Fatal(err)
	}
	token := w.token("demo", onDemo)
	start := w.time
	for after, good := range map[time.Duration]bool{time.Hour - 1: true, time.Hour: false, 48 * time.Hour: false} {
		w.time = start.Add(after)
		_, err := verifier.Validate(t.Context(), token, identity.Ask{Voucher: "a service's"})
		if w.works(token) != good || (err == nil) != good {
			t.Errorf("after %s: issuer %t, verifier %v", after, w.works(token), err)
		}
		if status := w.show(token).status; (status == 200) != good {
			t.Errorf("after %s: %d", after, status)
		}
	}
}

// TestRevoked holds that a token given back stays so, through restarts, and
// that the record of it goes when the token would have expired.
func TestRevoked(t *testing.T) {
	w := newWorld(t)
	kept, token := w.token("demo", onDemo), w.token("demo", onDemo)
	version := w.Version()
	w.revoke(token)
	if w.works(token) || !w.works(kept) || w.Version() == version {
		t.Error("revoking did not revoke that token alone")
	}
	w.restart()
	if w.works(token) || !w.works(kept) {
		t.Error("a restart changed what is revoked")
	}
	second, third := w.token("demo", onDemo), w.token("demo", onDemo)
	w.revoke(second)
	w.revoke(third)
	w.restart()
	if w.works(token) || w.works(second) || w.works(third) || len(w.revoked.until) != 3 {
		t.Error("a later revocation changed an earlier one")
	}
	w.time = w.time.Add(time.Hour)
	w.restart()
	if text := w.read(revokedFile); text != "" || w.works(token) {
		t.Errorf("after its time the record says %q", text)
	}
}

// TestRevocationReachesTheCache holds that the process that revokes a token
// does not go on with what it remembers of it.
func TestRevocationReachesTheCache(t *testing.T) {
	w := newWorld(t)
	front := identity.New(w, identity.Options{Now: w.options.Now})
	token := w.token("demo", onDemo)
	if who, err := front.Authenticate(t.Context(), identity.Credentials{Token: token, ServiceToken: w.token("service", "")}); err != nil || who.Service.UserID == "" {
		t.Fatalf("%+v, %v", who, err)
	}
	w.revoke(token)
	if _, err := front.Authenticate(t.Context(), identity.Credentials{Token: token}); !problem.Is(err, problem.Unauthorized) {
		t.Errorf("a revoked token: %v", err)
	}
}

// TestForgeries holds that no text but the issuer's own, unchanged, is a
// token, for the issuer and for the public key alone; and that the refusal
// repeats nothing of it.
func TestForgeries(t *testing.T) {
	w, stranger := newWorld(t), newWorld(t)
	verifier, err := NewVerifier(w.PublicKey(), w.options.Now)
	if err != nil {
		t.Fatal(err)
	}
	token := w.token("demo", onDemo)
	parts := strings.Split(token, ".")
	public := w.key.Public().(ed25519.PublicKey)
	good := w.claimsOf(token)
	raised := strings.Replace(decode(t, parts[1]), "member", "admin", 1)
	forgeries := map[string]string{
		"empty":              "",
		"a word":             "token",
		"another key":        signed(t, jose.EdDSA, stranger.key, tokenType, good),
		"another type":       signed(t, jose.EdDSA, w.key, "JWT", good),
		"no type":            signed(t, jose.EdDSA, w.key, "", good),
		"public key as HMAC": signed(t, jose.HS256, []byte(public), tokenType, good),
		"algorithm none":     encode(`{"alg":"none","typ":"gander+jwt"}`) + "." + parts[1] + ".",
		"none, signed":       encode(`{"alg":"none","typ":"gander+jwt"}`) + "." + parts[1] + "." + parts[2],
		"no signature":       parts[0] + "." + parts[1] + ".",
		"raised":             parts[0] + "." + encode(raised) + "." + parts[2],
		"other signature":    parts[0] + "." + parts[1] + "." + strings.Split(w.token("reader", ""), ".")[2],
		"JSON serialization": `{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`,
		"not an object":      signed(t, jose.EdDSA, w.key, tokenType, "text"),
		"nothing in it":      signed(t, jose.EdDSA, w.key, tokenType, map[string]any{}),
		"too long":           token + strings.Repeat("A", maxToken),
	}
	for i := range len(token) - 1 { // its last letter holds bits that decode to nothing
		flipped := []byte(token)
		flipped[i] = map[bool]byte{true: 'B', false: 'A'}[flipped[i] == 'A']
		forgeries["letter "+string(rune('0'+i%10))+token[:i]] = string(flipped)
	}
	if !w.works(signed(t, jose.EdDSA, w.key, tokenType, good)) {
		t.Fatal("the test cannot sign")
	}
	for name, forged := range forgeries {
		for _, v := range []identity.Validator{w.Identity, verifier} {
			_, err := v.Validate(t.Context(), forged, identity.Ask{})
			if !problem.Is(err, problem.Unauthorized) || len(forged) > 10 && strings.Contains(err.Error(), forged[:10]) {
				t.Errorf("%.40s at %T: %v", name, v, err)
			}
		}
	}
}

// TestRolesAreLookedUpAnew changes the file under a token that was issued.
func TestRolesAreLookedUpAnew(t *testing.T) {
	for name, c := range map[string]struct{ old, new, roles string }{
		"raised":          {"role: member, project: demo", "role: manager, project: demo", "manager member reader"},
		"lowered":         {"role: member, project: demo", "role: reader, project: demo", "reader"},
		"role elsewhere":  {"role: member, project: demo", "role: member, project: other", ""},
		"project locked":  {"  - name: demo\n    description", "  - name: demo\n    enabled: false\n    description", ""},
		"domain locked":   {"    id: default", "    id: default\n    enabled: false", ""},
		"user locked":     {"  - name: demo\n    password", "  - name: demo\n    enabled: false\n    password", ""},
		"user renamed":    {"  - name: demo\n    password", "  - name: demo2\n    password", ""},
		"nothing changed": {"Where to try things", "Where things are tried", "member reader"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.edit("  - {name: gander, user: demo, project: demo}\n", "")
			token := w.token("demo", onDemo)
			w.edit(c.old, c.new)
			verdict, err := w.Validate(t.Context(), token, identity.Ask{})
			who := verdict.Caller
			if strings.Join(who.Roles, " ") != c.roles || (err == nil) != (c.roles != "") {
				t.Errorf("roles %v, %v", who.Roles, err)
			}
		})
	}
}

// TestLockedDomainOfAProject ends what users of another domain do there.
func TestLockedDomainOfAProject(t *testing.T) {
	w := newWorld(t)
	w.edit("projects:", "  - name: Far\nprojects:\n  - {name: distant, domain: Far}")
	w.edit("{role: member, project: demo}", "{role: member, project: distant, project_domain: Far}\n      - {role: member, project: demo}")
	far := `{"project":{"name":"distant","domain":{"name":"Far"}}}`
	token := w.token("demo", far)
	w.edit("- name: Far", "- name: Far\n    enabled: false")
	r := w.ask(asking{call: "POST /v3/auth/tokens", body: byPassword("demo", w.password("demo"), far)})
	if w.works(token) || r.status != 401 {
		t.Errorf("a locked domain is open: %d", r.status)
	}
	if r := w.get(w.token("demo", unscoped), "/v3/auth/projects"); r.names("projects") != "demo" {
		t.Errorf("%s", r.text)
	}
}

// TestPublicKeyText holds that a wrong key is refused in a sentence.
func TestPublicKeyText(t *testing.T) {
	w := newWorld(t)
	if text := w.read(publicFile); strings.TrimSpace(text) != w.PublicKey() {
		t.Errorf("%s says %q", publicFile, text)
	}
	if _, err := NewVerifier(w.read(publicFile), nil); err != nil {
		t.Error(err)
	}
	for _, text := range []string{"", "ed25519:", w.PublicKey()[1:], w.PublicKey() + "A", "rsa:" + w.PublicKey()[8:]} {
		if _, err := NewVerifier(text, nil); err == nil || !strings.Contains(err.Error(), "43 letters") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func (w *world) claimsOf(token string) claims {
	c, err := verify(w.key.Public().(ed25519.PublicKey), token, w.time)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

func signed(t *testing.T, algorithm jose.SignatureAlgorithm, key any, kind string, payload any) string {
	t.Helper()
	options := &jose.SignerOptions{}
	if kind != "" {
		options = options.WithType(jose.ContentType(kind))
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, options)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(payload)
	if err != nil {
		t.Fatal(err)
	}
	object, err := signer.Sign(bytes.TrimSpace(text))
	if err != nil {
		t.Fatal(err)
	}
	compact, err := object.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return compact
}

func encode(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

func decode(t *testing.T, text string) string {
	t.Helper()
	decoded, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(decoded)
}

func BenchmarkValidate(b *testing.B) {
	w := &world{}
	opened, err := Open(b.TempDir(), Options{Endpoint: endpoint, Now: func() time.Time { return w.time }})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = opened.Close() })
	w.Identity, w.time = opened, time.Unix(1_800_000_000, 0)
	s := &session{user: w.directory.userByName(w.directory.domainByName("Default"), "demo")}
	s.scopeTo(scope{project: s.user.defaultProject})
	token, err := w.issue(s, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.Validate(b.Context(), token, identity.Ask{}); err != nil {
			b.Fatal(err)
		}
	}
}
