package jwt

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/gander-images/gander/shared/caller"
)

// keycloak is a mapping as an operator may write it: roles of a realm, and
// projects by groups.
const keycloak = `
user_id: sub
user_domain: {value: staff}
project_id: openstack.project      # chooses, where a token has it
roles: realm_access.roles
groups: groups
table:
  - {group: /cloud/demo, project_id: demo, project_domain: d1, roles: [member]}
  - {group: /cloud/demo-admins, project_id: demo, project_domain: d1, roles: [Manager]}
  - {group: /cloud/other, project_id: other, roles: [reader]}
  - {group: /cloud/other-admins, project_id: other, roles: [admin]}
`

func parsed(t *testing.T, text string) *Mapping {
	t.Helper()
	m, err := ParseMapping([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

type claims = map[string]any

func list(texts ...string) []any {
	l := []any{}
	for _, text := range texts {
		l = append(l, text)
	}
	return l
}

// TestMappings reads callers by mappings of several kinds; a nil want is a refusal.
func TestMappings(t *testing.T) {
	in := func(project, domain string, roles ...string) *caller.Caller {
		return &caller.Caller{UserID: "mia", UserDomainID: "staff", ProjectID: project, ProjectDomainID: domain, Roles: roles, IsAdminProject: true}
	}
	const fixed = `
user_id: ["https://example.org/user.id"]
user_domain: {claim: dom, value: staff}
project_id: {value: demo}
project_domain: {value: d1}
roles: {value: Admin}
`
	const own = "user_id: sub\nuser_domain: {value: staff}\nproject_id: p\nroles: r\nimplied_roles: {Boss: [member, chief], chief: [boss]}"
	for name, c := range map[string]struct {
		mapping string
		claims  claims
		want    *caller.Caller
	}{
		"by a group":                     {keycloak, claims{"sub": "mia", "groups": list("/cloud/demo")}, in("demo", "d1", "member", "reader")},
		"the first row decides":          {keycloak, claims{"sub": "mia", "groups": list("/cloud/other", "/cloud/demo")}, in("demo", "d1", "member", "reader")},
		"rows of a project add up":       {keycloak, claims{"sub": "mia", "groups": list("/cloud/demo-admins", "/cloud/demo")}, in("demo", "d1", "member", "reader", "Manager")},
		"no role of another project":     {keycloak, claims{"sub": "mia", "groups": list("/cloud/other-admins", "/cloud/demo")}, in("demo", "d1", "member", "reader")},
		"the token chooses":              {keycloak, claims{"sub": "mia", "groups": list("/cloud/other", "/cloud/demo"), "openstack": claims{"project": "other"}}, in("other", "default", "reader")},
		"the realm's roles too":          {keycloak, claims{"sub": "mia", "groups": list("/cloud/other"), "realm_access": claims{"roles": list("service")}}, in("other", "default", "service", "reader")},
		"one group, as text":             {keycloak, claims{"sub": "mia", "groups": "/cloud/other"}, in("other", "default", "reader")},
		"a project that no group has":    {keycloak, claims{"sub": "mia", "groups": list("/cloud/demo"), "openstack": claims{"project": "other"}}, nil},
		"a project that no row has":      {keycloak, claims{"sub": "mia", "groups": list("/cloud/demo"), "openstack": claims{"project": "admin"}}, nil},
		"a group that is like one":       {keycloak, claims{"sub": "mia", "groups": list("/cloud/Demo", "cloud/demo", "/cloud/demo/x")}, nil},
		"no groups":                      {keycloak, claims{"sub": "mia"}, nil},
		"groups of no text":              {keycloak, claims{"sub": "mia", "groups": []any{"/cloud/demo", 5}}, nil},
		"a project in text, not beneath": {keycloak, claims{"sub": "mia", "groups": list("/cloud/demo"), "openstack": "project"}, in("demo", "d1", "member", "reader")},
		"a project of no text":           {keycloak, claims{"sub": "mia", "groups": list("/cloud/demo"), "openstack": claims{"project": claims{}}}, nil},
		"a flat claim with a dot":        {keycloak, claims{"sub": "mia", "groups": list("/cloud/other", "/cloud/demo"), "openstack.project": "other"}, in("demo", "d1", "member", "reader")},

		"fixed values":        {fixed, claims{"https://example.org/user.id": "mia", "project_id": "admin"}, in("demo", "d1", "Admin", "manager", "member", "reader")},
		"a value's claim":     {fixed, claims{"https://example.org/user.id": "mia", "dom": "staff"}, in("demo", "d1", "Admin", "manager", "member", "reader")},
		"a name with dots":    {fixed, claims{"https://example": claims{"org/user": claims{"id": "mia"}}}, nil},
		"own implications":    {own, claims{"sub": "mia", "p": "demo", "r": list("boss", "reader")}, in("demo", "default", "boss", "member", "chief", "reader")},
		"no usual ones then":  {own, claims{"sub": "mia", "p": "demo", "r": list("admin")}, in("demo", "default", "admin")},
		"none at all":         {"user_id: sub\nuser_domain: {value: staff}\nproject_id: p\nroles: r\nimplied_roles: {}", claims{"sub": "mia", "p": "demo", "r": list("admin")}, in("demo", "default", "admin")},
		"written as JSON":     {`{"user_id": "sub", "user_domain": {"value": "staff"}, "project_id": "p", "roles": ["a.b"]}`, claims{"sub": "mia", "p": "demo", "a.b": list("x")}, in("demo", "default", "x")},
		"no roles":            {own, claims{"sub": "mia", "p": "demo"}, in("demo", "default")},
		"a project of blanks": {own, claims{"sub": "mia", "p": " "}, nil},
	} {
		got, err := parsed(t, c.mapping).caller(c.claims)
		if c.want == nil {
			if err == nil {
				t.Errorf("%s: taken for %+v", name, got)
			}
			continue
		}
		if diff := cmp.Diff(*c.want, got); err != nil || diff != "" {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
}

// TestFaultsOfMappings: all that is wrong with a file is told at once, by line.
func TestFaultsOfMappings(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"empty":               {"", "it is empty"},
		"a list":              {"[a]", "cannot unmarshal !!seq"},
		"not YAML":            {"user_id: 'x", "yaml: "},
		"nothing needed":      {"user_domain: dom", "project_id is missing, and so is a table\nroles are missing, and so is a table\nuser_id is missing"},
		"unknown and missing": {"user_id: sub\nproject: p\nroles: r", "line 2: field project not found\nproject_id is missing"},
		"twice":               {"user_id: sub\nuser_id: x\nproject_id: p\nroles: r", "line 2: mapping key \"user_id\" already defined at line 1"},
		"one for all":         {"user_id: {value: mia}\nproject_id: p\nroles: r", "line 1: user_id must be a claim"},
		"one for the rest":    {"user_id: {claim: sub, value: mia}\nproject_id: p\nroles: r", "line 1: user_id can have no value"},
		"a URL":               {"user_id: https://example.org/u\nproject_id: p\nroles: r", `line 1: "https://example.org/u" has dots that part no claims; write it as a list: ["https://example.org/u"]`},
		"an empty part":       {"user_id: a..b\nproject_id: p.\nroles: r", "line 1: \"a..b\" has an empty part\nline 2: \"p.\" has an empty part"},
		"a number":            {"user_id: 5\nproject_id: p\nroles: [r, 7]", "line 1: text is needed here\nline 3: text is needed here"},
		"no claim":            {"user_id: {}\nproject_id: []\nroles: {claims: r}", "line 1: a claim is needed, or a value\nline 2: a claim has a name\nline 3: \"claims\" is unknown here"},
		"a table of nothing":  {"user_id: sub\ngroups: g\ntable:\n- {group: a}\n- {project_id: p, roles: [x]}", "line 4: project_id is missing\nline 4: roles are missing\nline 5: group is missing"},
		"a table's mistakes":  {"user_id: sub\ngroups: g\ntable:\n- {group: a, project_id: p, roles: [x], domain: d}\n- {group: 5, project_id: p, roles: x}", "line 4: \"domain\" is unknown here\nline 5: text is needed here\nline 5: cannot unmarshal"},
		"a table, no groups":  {"user_id: sub\ntable:\n- {group: a, project_id: p, roles: [x]}", "groups must be a claim"},
		"groups, no table":    {"user_id: sub\nproject_id: p\nroles: r\ngroups: g", "line 4: groups have no table"},
		"a project for all":   {"user_id: sub\nproject_id: {value: p}\ngroups: g\ntable:\n- {group: a, project_id: p, roles: [x]}", "line 2: beside a table, project_id must be a claim without a value"},
		"two documents":       {"user_id: sub\nproject_id: p\nroles: r\n---\nuser_id: x\n", "there is more than one document"},
	} {
		m, err := ParseMapping([]byte(c.text))
		if err == nil {
			t.Errorf("%s: taken as %+v", name, m)
			continue
		}
		told := err.Error()
		for line := range strings.Lines(c.want) {
			if !strings.Contains(told, strings.TrimSuffix(line, "\n")) {
				t.Errorf("%s: %q does not say %q", name, told, line)
			}
		}
	}
	path := filepath.Join(t.TempDir(), "mapping.yaml")
	if err := os.WriteFile(path, []byte("user_id: sub\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadMapping(path); err == nil || !strings.HasPrefix(err.Error(), path+": ") {
		t.Errorf("the file is not named: %v", err)
	}
}

// TestImplied: whatever roles imply, each is there once, and all that they lead to.
func TestImplied(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		names := rapid.SampledFrom([]string{"a", "b", "c", "d", "e"})
		m := &Mapping{implied: rapid.MapOf(names, rapid.SliceOfN(names, 0, 3)).Draw(r, "implied")}
		given := rapid.SliceOfN(names, 0, 4).Draw(r, "roles")
		want := map[string]bool{}
		var reach func(string)
		reach = func(role string) {
			if want[role] {
				return
			}
			want[role] = true
			for _, next := range m.implied[role] {
				reach(next)
			}
		}
		for _, role := range given {
			reach(role)
		}
		got := map[string]bool{}
		for _, role := range m.expand(given) {
			if got[role] {
				r.Fatalf("%s is there twice", role)
			}
			got[role] = true
		}
		if diff := cmp.Diff(want, got); diff != "" {
			r.Fatal(diff)
		}
	})
}

// TestDocumentedMapping: what docs/identity.md shows can be used.
func TestDocumentedMapping(t *testing.T) {
	page, err := os.ReadFile("../../../docs/identity.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "\n### Mapping\n")
	_, text, _ := strings.Cut(section, "```yaml\n")
	text, _, found := strings.Cut(text, "```")
	if !found {
		t.Fatal("there is no example")
	}
	who, err := parsed(t, text).caller(claims{"sub": "mia", "groups": list("/cloud/guests", "/cloud/demo-managers"), "https://example.org/roles": "x"})
	want := caller.Caller{
		UserID: "mia", UserDomainID: "staff", ProjectID: "7f3a2b", ProjectDomainID: "default", IsAdminProject: true,
		Roles: []string{"x", "manager", "member", "reader"},
	}
	if diff := cmp.Diff(want, who); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	if own := parsed(t, text); !cmp.Equal(own.implied, usualRoles()) {
		t.Errorf("%v is not what is implied without the field", own.implied)
	}
}
