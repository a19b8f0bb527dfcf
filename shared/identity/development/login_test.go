package development

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/gander-images/gander/shared/identity"
)

// TestScopes logs in for each kind of scope and looks at the token, as text
// and as the caller that operations get.
func TestScopes(t *testing.T) {
	w := newWorld(t)
	demo := w.directory.projectByName(w.directory.domainByName("Default"), "demo").id
	for _, c := range []struct {
		name, user, scope string
		roles             string
		catalog           bool
		path, value       string // something that the scope shows
	}{
		{"project by name", "demo", onDemo, "member reader", true, "token.project.name", "demo"},
		{"project by id", "demo", `{"project":{"id":"` + demo + `"}}`, "member reader", true, "token.project.domain.name", "Default"},
		{"default project", "demo", "", "member reader", true, "token.project.id", demo},
		{"reader", "reader", onDemo, "reader", true, "token.user.name", "reader"},
		{"manager", "manager", onDemo, "manager member reader", true, "token.user.domain.id", "default"},
		{"admin", "admin", onAdmin, "admin manager member reader", true, "token.project.name", "admin"},
		{"service", "service", "", "service", true, "token.project.name", "service"},
		{"system", "admin", onSystem, "admin manager member reader", true, "token.project.name", ""},
		{"domain by name", "admin", onDomain, "admin manager member reader", true, "token.domain.id", "default"},
		{"domain by id", "admin", `{"domain":{"id":"default"}}`, "admin manager member reader", true, "token.domain.name", "Default"},
		{"unscoped", "demo", unscoped, "", false, "token.user.name", "demo"},
		{"unscoped as object", "demo", `{"unscoped":{}}`, "", false, "token.project.id", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := w.ask(asking{call: "POST /v3/auth/tokens", body: byPassword(c.user, w.password(c.user), c.scope)})
			if r.status != http.StatusCreated {
				t.Fatalf("%d %s", r.status, r.text)
			}
			if roles := r.names("token.roles"); roles != c.roles {
				t.Errorf("roles %q, not %q", roles, c.roles)
			}
			if value, _ := r.at(c.path).(string); value != c.value {
				t.Errorf("%s is %q, not %q", c.path, value, c.value)
			}
			if catalog := r.at("token.catalog") != nil; catalog != c.catalog {
				t.Errorf("catalogue: %t, not %t", catalog, c.catalog)
			}
			if system := r.at("token.system.all") == true; system != (c.scope == onSystem) {
				t.Errorf("system: %t", system)
			}
			w.sameCaller(t, r)
		})
	}
}

// sameCaller holds the caller, from the issuer and from the public key alone,
// against the token's text.
func (w *world) sameCaller(t *testing.T, r response) {
	t.Helper()
	verifier, err := NewVerifier(w.PublicKey(), w.options.Now)
	if err != nil {
		t.Fatal(err)
	}
	text := func(path string) string { value, _ := r.at(path).(string); return value }
	for name, validator := range map[string]identity.Validator{"issuer": w.Identity, "verifier": verifier} {
		verdict, err := validator.Validate(t.Context(), r.header.Get("X-Subject-Token"), identity.Ask{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		who := verdict.Caller
		if who.UserID != text("token.user.id") || who.UserDomainID != text("token.user.domain.id") ||
			who.ProjectID != text("token.project.id") || who.ProjectDomainID != text("token.project.domain.id") ||
			who.DomainID != text("token.domain.id") || (who.SystemScope == "all") != (r.at("token.system.all") == true) ||
			strings.Join(who.Roles, " ") != r.names("token.roles") || !who.IsAdminProject ||
			who.ExpiresAt.Format(tokenTime) != text("token.expires_at") {
			t.Errorf("%s: %+v from %s", name, who, r.text)
		}
	}
}

// TestRefusedLogins holds the status of each bad login, and that those with
// 401 are told apart by nothing.
func TestRefusedLogins(t *testing.T) {
	w := newWorld(t)
	w.edit("  - name: other\n    password", "  - name: other\n    enabled: false\n    password")
	right := w.password("demo")
	user := func(fields string) string {
		return auth(`"methods":["password"],"password":{"user":{`+fields+`}}`, "")
	}
	bodies := map[int][]string{
		http.StatusUnauthorized: {
			byPassword("demo", "wrong", onDemo),
			byPassword("demo", "", onDemo),
			byPassword("nobody", right, onDemo),
			byPassword("nobody", "", onDemo),
			byPassword("other", w.password("other"), ""),
			byPassword("demo", right, onAdmin),
			byPassword("demo", right, onSystem),
			byPassword("demo", right, onDomain),
			byPassword("demo", right, `{"project":{"id":"nothing"}}`),
			byPassword("demo", right, `{"project":{"name":"demo","domain":{"name":"nowhere"}}}`),
			byPassword("demo", right, `{"domain":{"id":"nowhere"}}`),
			user(`"name":"demo","domain":{"name":"nowhere"},"password":` + quoted(right)),
			user(`"id":"demo","password":` + quoted(right)),
			auth(`"methods":["totp"]`, ""),
			auth(`"methods":[]`, ""),
			byTokenBody("gAAAAAB", ""),
			auth(`"methods":["token","password"],"token":{"id":`+quoted(w.token("reader", ""))+
				`},"password":{"user":{"name":"demo","domain":{"id":"default"},"password":`+quoted(right)+`}}`, ""),
		},
		http.StatusBadRequest: {
			"[]", "null", "{", "{}", `"auth"`, `{"auth":{}}`, `{"auth":[]}`, `{"auth":{"identity":{}}}`,
			`{"auth":{"identity":{"methods":"password"}}}`,
			auth(`"methods":["password"]`, ""),
			auth(`"methods":["password"],"password":{}`, ""),
			auth(`"methods":["token"]`, ""),
			auth(`"methods":["token"],"token":{}`, ""),
			user(`"name":"demo","domain":{"id":"default"}`),
			user(`"name":"demo","password":"x"`),
			user(`"name":"demo","domain":{},"password":"x"`),
			user(`"name":7,"password":"x"`),
			user(`"password":"x"`),
			byPassword("demo", right, `{}`),
			byPassword("demo", right, `null`),
			byPassword("demo", right, `"all"`),
			byPassword("demo", right, `[]`),
			byPassword("demo", right, `{"project":{}}`),
			byPassword("demo", right, `{"project":{"name":"demo"}}`),
			byPassword("demo", right, `{"domain":{}}`),
			byPassword("demo", right, `{"system":{"all":false}}`),
			byPassword("demo", right, `{"system":{"all":true},"unscoped":{}}`),
			byPassword("demo", right, `{"OS-TRUST:trust":{"id":"x"}}`),
			strings.Replace(byPassword("demo", right, ""), "demo", "demo\xff", 1),
		},
		http.StatusRequestEntityTooLarge: {byPassword("demo", strings.Repeat("x", maxBody), "")},
	}
	for status, list := range bodies {
		for _, body := range list {
			r := w.ask(asking{call: "POST /v3/auth/tokens", body: body})
			if r.status != status || r.at("error.code") != float64(status) ||
				r.at("error.title") != http.StatusText(status) || r.at("error.message") == "" {
				t.Errorf("%.200s: %d %s, not %d", body, r.status, r.text, status)
			}
			if strings.Contains(r.text, right) || r.header.Get("X-Subject-Token") != "" {
				t.Errorf("%s tells too much", r.text)
			}
			const said = `{"error":{"code":401,"message":"The request you have made requires authentication.","title":"Unauthorized"}}`
			if status == http.StatusUnauthorized && r.text != said {
				t.Errorf("%.200s: %s", body, r.text)
			}
		}
	}
}

// TestContentType refuses what does not say JSON.
func TestContentType(t *testing.T) {
	w := newWorld(t)
	body := byPassword("demo", w.password("demo"), "")
	for kind, status := range map[string]int{
		"application/json": 201, "application/json; charset=utf-8": 201, "Application/JSON": 201,
		"text/plain": 400, "application/x-www-form-urlencoded": 400, ";": 400,
	} {
		r := w.ask(asking{call: "POST /v3/auth/tokens", body: body, headers: []string{"Content-Type", kind}})
		if r.status != status {
			t.Errorf("%s: %d, not %d", kind, r.status, status)
		}
	}
}

// TestTokenFromToken holds that a token buys another scope, never more time.
func TestTokenFromToken(t *testing.T) {
	w := newWorld(t)
	first := w.get(w.token("admin", unscoped), "/v3/auth/projects")
	if first.names("projects") != "admin" {
		t.Fatalf("%s", first.text)
	}
	parent := w.token("admin", unscoped)
	before := w.show(parent)
	w.time = w.time.Add(1000 * 1e9)
	r := w.ask(asking{call: "POST /v3/auth/tokens", body: byTokenBody(parent, onSystem)})
	if r.status != http.StatusCreated || r.at("token.system.all") != true {
		t.Fatalf("%d %s", r.status, r.text)
	}
	if r.at("token.expires_at") != before.at("token.expires_at") || r.at("token.issued_at") == before.at("token.issued_at") {
		t.Errorf("%s from %s", r.text, before.text)
	}
	if r.at("token.audit_ids.1") != before.at("token.audit_ids.0") || r.at("token.audit_ids.0") == before.at("token.audit_ids.0") {
		t.Errorf("audit ids: %s from %s", r.text, before.text)
	}
	if methods, _ := r.at("token.methods").([]any); !slices.Equal(methods, []any{"password", "token"}) {
		t.Errorf("methods %v", methods)
	}
	w.revoke(parent)
	if r := w.ask(asking{call: "POST /v3/auth/tokens", body: byTokenBody(parent, onSystem)}); r.status != http.StatusUnauthorized {
		t.Errorf("a revoked token bought another: %d", r.status)
	}
}

func (w *world) show(token string) response {
	w.t.Helper()
	return w.ask(asking{call: "GET /v3/auth/tokens", headers: []string{"X-Auth-Token", token, "X-Subject-Token", token}})
}
