package development

import (
	"net/http"
	"strings"
	"testing"
)

// TestCalls walks the API: who asks for what, and which names come back.
func TestCalls(t *testing.T) {
	w := newWorld(t)
	tokens := map[string]string{
		"demo": w.token("demo", onDemo), "unscoped": w.token("demo", unscoped), "other": w.token("other", ""),
		"admin": w.token("admin", onAdmin), "system": w.token("admin", onSystem), "domain": w.token("admin", onDomain),
		"service": w.token("service", ""), "bad": "bad", "": "",
	}
	byName := w.directory.domainByName("Default")
	ids := strings.NewReplacer(
		"DEMO", w.directory.projectByName(byName, "demo").id, "OTHER", w.directory.projectByName(byName, "other").id,
		"USER", w.directory.userByName(byName, "demo").id, "READER", w.directory.roleByName("reader").id)
	const users, projects = "demo reader manager admin other service", "demo other admin service"
	for _, c := range []struct {
		as, path string
		status   int
		at, want string // names of a list, or the text at a path
	}{
		{"", "", 300, "versions.values.0.id", "v3.14"},
		{"", "/", 300, "versions.values.0.links.0.href", endpoint + "/identity/v3/"},
		{"bad", "/v3", 200, "version.status", "stable"},
		{"", "/v3/", 200, "version.links.0.href", endpoint + "/identity/v3/"},
		{"", "/v3/users", 401, "error.title", "Unauthorized"},
		{"bad", "/v3/projects", 401, "error.title", "Unauthorized"},
		{"", "/v2.0/tokens", 404, "error.title", "Not Found"},
		{"demo", "/v3/groups", 404, "error.title", "Not Found"},
		{"demo", "/v3/users//projects", 404, "error.title", "Not Found"},
		{"demo", "/v3/users?name=%zz", 400, "error.title", "Bad Request"},

		{"demo", "/v3/auth/catalog", 200, "catalog", "keystone glance barbican"},
		{"system", "/v3/auth/catalog", 200, "catalog.1.endpoints.2.interface", "admin"},
		{"demo", "/v3/auth/catalog", 200, "catalog.1.endpoints.0.url", endpoint},
		{"demo", "/v3/auth/catalog", 200, "catalog.1.endpoints.1.region", "RegionOne"},
		{"demo", "/v3/auth/catalog", 200, "catalog.0.endpoints.0.url", endpoint + "/identity/v3"},
		{"unscoped", "/v3/auth/catalog", 403, "error.title", "Forbidden"},
		{"unscoped", "/v3/auth/projects", 200, "projects", "demo"},
		{"admin", "/v3/auth/projects", 200, "projects", "admin"},
		{"admin", "/v3/auth/domains", 200, "domains", "Default"},
		{"demo", "/v3/auth/domains", 200, "domains", ""},

		{"admin", "/v3/projects", 200, "projects", projects},
		{"system", "/v3/projects", 200, "projects", projects},
		{"service", "/v3/projects", 200, "projects", projects},
		{"domain", "/v3/projects", 200, "projects", projects},
		{"demo", "/v3/projects", 200, "projects", "demo"},
		{"admin", "/v3/projects?name=other&domain_id=default", 200, "projects", "other"},
		{"admin", "/v3/projects?name=nothing", 200, "projects", ""},
		{"admin", "/v3/projects?domain_id=nothing", 200, "projects", ""},
		{"admin", "/v3/projects?enabled=false", 200, "projects", ""},
		{"admin", "/v3/projects?limit=2", 200, "projects", "demo other"},
		{"admin", "/v3/projects?limit=2&marker=OTHER", 200, "projects", "admin service"},
		{"admin", "/v3/projects?marker=x", 400, "error.title", "Bad Request"},
		{"admin", "/v3/projects?limit=x", 400, "error.title", "Bad Request"},
		{"demo", "/v3/projects?name=demo", 200, "projects.0.domain_id", "default"},
		{"demo", "/v3/projects?name=other", 403, "error.title", "Forbidden"},
		{"demo", "/v3/projects/DEMO", 200, "project.name", "demo"},
		{"demo", "/v3/projects/OTHER", 403, "error.title", "Forbidden"},
		{"demo", "/v3/projects/nothing", 403, "error.title", "Forbidden"},
		{"admin", "/v3/projects/OTHER", 200, "project.links.self", endpoint + "/identity/v3/projects/OTHER"},
		{"admin", "/v3/projects/a%2Fb", 404, "error.message", "Could not find project: a/b."},

		{"admin", "/v3/users", 200, "users", users},
		{"demo", "/v3/users", 200, "users", "demo"},
		{"admin", "/v3/users?name=other", 200, "users", "other"},
		{"demo", "/v3/users?name=other", 403, "error.title", "Forbidden"},
		{"demo", "/v3/users/USER", 200, "user.default_project_id", "DEMO"},
		{"other", "/v3/users/USER", 403, "error.title", "Forbidden"},
		{"other", "/v3/users/nobody", 403, "error.title", "Forbidden"},
		{"admin", "/v3/users/nobody", 404, "error.title", "Not Found"},
		{"demo", "/v3/users/USER/projects", 200, "projects", "demo"},
		{"admin", "/v3/users/USER/projects", 200, "projects", "demo"},
		{"other", "/v3/users/USER/projects", 403, "error.title", "Forbidden"},

		{"demo", "/v3/domains", 200, "domains", "Default"},
		{"demo", "/v3/domains/default", 200, "domain.name", "Default"},
		{"admin", "/v3/domains?name=x", 200, "domains", ""},
		{"admin", "/v3/domains/x", 404, "error.title", "Not Found"},
		{"demo", "/v3/domains/x", 403, "error.title", "Forbidden"},
		{"admin", "/v3/roles", 200, "roles", "admin manager member reader service"},
		{"admin", "/v3/roles?name=reader", 200, "roles", "reader"},
		{"admin", "/v3/roles/READER", 200, "role.name", "reader"},
		{"admin", "/v3/roles/x", 404, "error.title", "Not Found"},
		{"demo", "/v3/roles", 403, "error.title", "Forbidden"},
		{"demo", "/v3/roles/READER", 403, "error.title", "Forbidden"},

		{"admin", "/v3/role_assignments?scope.system=all&include_names", 200, "role_assignments.0.role.name", "admin"},
		{"admin", "/v3/role_assignments?scope.project.id=DEMO&user.id=USER", 200, "role_assignments.0.scope.project.id", "DEMO"},
		{"admin", "/v3/role_assignments?user.id=USER&effective", 200, "role_assignments.1.role.id", "READER"},
		{"admin", "/v3/role_assignments?user.id=USER", 200, "role_assignments.1.role.id", ""},
		{"demo", "/v3/role_assignments?include_names=true", 200, "role_assignments.0.user.name", "demo"},
		{"demo", "/v3/role_assignments?scope.project.id=OTHER", 403, "error.title", "Forbidden"},
	} {
		t.Run(c.as+" "+c.path, func(t *testing.T) {
			var headers []string
			if c.as != "" {
				headers = []string{"X-Auth-Token", tokens[c.as]}
			}
			r := w.ask(asking{call: "GET " + ids.Replace(c.path), headers: headers})
			got := r.names(c.at)
			if _, isList := r.at(c.at).([]any); !isList {
				got, _ = r.at(c.at).(string)
			}
			if r.status != c.status || got != ids.Replace(c.want) {
				t.Errorf("%d %q, not %d %q: %s", r.status, got, c.status, c.want, r.text)
			}
			w.common(t, "HEAD "+ids.Replace(c.path), headers, r)
		})
	}
}

// common holds what is true of every answer, and that HEAD is the answer
// without its body.
func (w *world) common(t *testing.T, head string, headers []string, r response) {
	t.Helper()
	same := w.ask(asking{call: head, headers: headers})
	if same.status != r.status || same.text != "" || same.header.Get("Content-Length") != r.header.Get("Content-Length") {
		t.Errorf("HEAD: %d %q %v", same.status, same.text, same.header)
	}
	for name, want := range map[string]string{
		"Vary": "X-Auth-Token", "Cache-Control": "no-store", "Content-Type": "application/json",
	} {
		if got := r.header.Get(name); got != want {
			t.Errorf("%s: %q, not %q", name, got, want)
		}
	}
	if !strings.HasPrefix(r.header.Get("X-Openstack-Request-Id"), "req-") {
		t.Errorf("request id %q", r.header.Get("X-Openstack-Request-Id"))
	}
	if strings.Contains(r.text, "forged.test") {
		t.Errorf("an address came from the Host header: %s", r.text)
	}
	challenge := `Keystone uri="` + endpoint + `/identity"`
	if got := r.header.Get("Www-Authenticate"); (got == challenge) != (r.status == http.StatusUnauthorized) {
		t.Errorf("WWW-Authenticate: %q with %d", got, r.status)
	}
}

// TestOtherMethods holds 405 and Allow for every path of the table.
func TestOtherMethods(t *testing.T) {
	w := newWorld(t)
	for _, res := range resources() {
		path := strings.ReplaceAll(res.path, "{}", "x")
		r := w.ask(asking{call: "PATCH " + path})
		want := "GET, HEAD"
		if res.path == "/v3/auth/tokens" {
			want = "DELETE, GET, HEAD, POST"
		}
		if r.status != http.StatusMethodNotAllowed || r.header.Get("Allow") != want || r.at("error.code") != 405.0 {
			t.Errorf("PATCH %s: %d, Allow %q", path, r.status, r.header.Get("Allow"))
		}
	}
}

// TestSystemList holds the one list that has no names.
func TestSystemList(t *testing.T) {
	w := newWorld(t)
	if r := w.get(w.token("admin", onAdmin), "/v3/auth/system"); r.at("system.0.all") != true {
		t.Errorf("%s", r.text)
	}
	if r := w.get(w.token("demo", onDemo), "/v3/auth/system"); r.status != 200 || !strings.Contains(r.text, `"system":[]`) {
		t.Errorf("%d %s", r.status, r.text)
	}
}

// TestWhoMayLookAtAToken walks asker and subject, for each verb.
func TestWhoMayLookAtAToken(t *testing.T) {
	w := newWorld(t)
	fresh := func(name string) string {
		switch name {
		case "":
			return ""
		case "revoked":
			token := w.token("demo", onDemo)
			w.revoke(token)
			return token
		case "bad":
			return "bad"
		}
		return w.token(name, "")
	}
	for _, c := range []struct {
		asker, subject string
		status         int // of GET and HEAD; DELETE gives 204 for 200
	}{
		{"demo", "demo", 200},
		{"admin", "demo", 200},
		{"service", "demo", 200},
		{"other", "demo", 403},
		{"manager", "demo", 403},
		{"", "demo", 401},
		{"bad", "demo", 401},
		{"revoked", "demo", 401},
		{"demo", "bad", 404},
		{"demo", "revoked", 404},
		{"admin", "", 404},
		{"bad", "bad", 401},
	} {
		for _, method := range []string{"GET", "HEAD", "DELETE"} {
			subject := fresh(c.subject)
			r := w.ask(asking{
				call:    method + " /v3/auth/tokens?nocatalog",
				headers: []string{"X-Auth-Token", fresh(c.asker), "X-Subject-Token", subject},
			})
			want := c.status
			if method == "DELETE" && want == 200 {
				want = http.StatusNoContent
			}
			if r.status != want {
				t.Errorf("%s: %q at %q: %d, not %d", method, c.asker, c.subject, r.status, want)
			}
			if r.status == 200 && r.header.Get("X-Subject-Token") != subject {
				t.Errorf("%s: X-Subject-Token is not the subject", method)
			}
			if method == "GET" && r.status == 200 && (r.at("token.user.name") != "demo" || r.at("token.catalog") != nil) {
				t.Errorf("%s", r.text)
			}
			if (r.status == http.StatusNoContent) == w.works(subject) && c.subject == "demo" {
				t.Errorf("%s: %d, and the token works: %t", method, r.status, w.works(subject))
			}
		}
	}
}

// TestServices holds that the catalogue is what boot says.
func TestServices(t *testing.T) {
	w := newWorld(t)
	w.options.Services = append(w.options.Services, Service{Type: "volumev3", Name: "cinder", URL: endpoint + "/volume"})
	r := w.get(w.token("demo", onDemo), "/v3/auth/catalog")
	if r.names("catalog") != "keystone glance barbican cinder" || r.at("catalog.2.endpoints.0.url") != endpoint+"/key-manager" ||
		r.at("catalog.3.endpoints.0.url") != endpoint+"/volume" {
		t.Errorf("%s", r.text)
	}
	if r.at("catalog.2.id") == r.at("catalog.1.id") || r.at("catalog.2.endpoints.0.id") == r.at("catalog.2.endpoints.1.id") {
		t.Errorf("ids repeat: %s", r.text)
	}
}
