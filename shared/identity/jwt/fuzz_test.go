package jwt

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/gander-images/gander/shared/identity"
	"github.com/gander-images/gander/shared/problem"
)

// FuzzJWT mutates tokens: nothing panics, nothing is refused otherwise than by
// Unauthorized, and what is taken has the signature of the issuer on the very
// claims that it was given for.
func FuzzJWT(f *testing.F) {
	d := newDesk(f)
	good := d.token(spec{})
	d.want(good) // the keys are there
	parts := strings.Split(good, ".")
	header, err := base64.RawURLEncoding.DecodeString(parts[0])
	if err != nil {
		f.Fatal(err)
	}
	claims, err := json.Marshal(d.goodClaims())
	if err != nil {
		f.Fatal(err)
	}
	for _, h := range []string{string(header), `{"alg":"none"}`, `{"alg":"HS256","kid":"one"}`, `{"alg":"RS256","kid":"two"}`, `{"alg":"RS256","crit":["x"]}`, `{`, ``} {
		f.Add([]byte(h), claims, parts[2], false)
	}
	f.Add(header, []byte(`{"iss":5}`), "", false)
	f.Add([]byte(good), []byte{}, "", true)
	f.Add([]byte("a.b.c.d.e"), []byte{}, "", true)
	f.Fuzz(func(t *testing.T, header, payload []byte, signature string, raw bool) {
		encode := base64.RawURLEncoding.EncodeToString
		token := encode(header) + "." + encode(payload) + "." + signature
		if raw {
			token = string(header)
		}
		verdict, err := d.Validate(t.Context(), token, identity.Ask{})
		switch {
		case err == nil && verdict.Caller.UserID != "mia":
			t.Errorf("taken for %+v: %s", verdict.Caller, token)
		case err == nil && token != good && !strings.HasPrefix(token, parts[0]+"."+parts[1]+"."):
			t.Errorf("claims that nobody signed were taken: %s", token)
		case err != nil && !problem.Is(err, problem.Unauthorized):
			t.Errorf("%v", err)
		}
	})
}

// FuzzJWTMapping reads files: nothing panics, and what is taken can be used.
func FuzzJWTMapping(f *testing.F) {
	f.Add([]byte(keycloak), []byte(`{"sub":"mia","groups":["/cloud/demo"]}`))
	f.Add([]byte("user_id: [a, b]\nproject_id: {claim: c, value: d}\nroles: {value: e}\nimplied_roles: {e: [e, f], f: [e]}"), []byte(`{"a":{"b":"x"}}`))
	f.Add([]byte("&a [*a]"), []byte(`{}`))
	f.Fuzz(func(t *testing.T, file, text []byte) {
		m, err := ParseMapping(file)
		if err != nil {
			return
		}
		o, err := object(text)
		if err != nil {
			return
		}
		if who, err := m.caller(o); err == nil && (who.UserID == "" || who.ProjectID == "") {
			t.Errorf("%s: %+v", file, who)
		}
	})
}
