package development

import (
	"strings"
	"testing"
)

// TestFaultsOfTheFile holds that each is named with file and line, and all of
// them at once.
func TestFaultsOfTheFile(t *testing.T) {
	const text = `domains:
  - name: Default
    id: default
  - name: Default
projects:
  - name: demo
  - name: demo
  - name: lost
    domain: Nowhere
  - description: nameless
  - name: same
    id: ` + "\"\\x07\"" + `
  - name: twin1
    id: twin
  - name: twin2
    id: twin
roles:
  - name: member
    implies: [ghost]
  - name: a
    implies: [b]
  - name: b
    implies: [a]
  - name: member
  - name: self
    implies: [self]
users:
  - name: demo
    password: hunter2
    colour: red
    enabled: perhaps
    default_project: gone
    roles:
      - {role: king, project: gone}
      - {role: member, project: gone}
      - {role: member}
      - {role: member, project: demo, system: all}
      - {role: member, system: some}
      - {role: member, domain: Nowhere}
      - member
  - name: demo
    password: hunter2
  - name: silent
  - name: twice
    password: hunter2
    password: hunter3
clouds:
  - {name: "a/b", user: demo, project: demo}
  - {name: c, user: ghost, project: gone}
  - {name: ok, user: demo, project: demo}
  - {name: ok, user: demo, project: demo}
people: []
`
	_, err := parseDirectory("dir/identity.yaml", []byte(text))
	if err == nil {
		t.Fatal("no fault was found")
	}
	want := []string{
		`:4: there are two domains "Default"`,
		`:7: there are two projects "demo" in the domain "Default"`,
		`:9: there is no domain "Nowhere"`,
		`:10: "name" is missing`,
		`:12: "id" must not have control characters`,
		`:16: two projects have the id "twin"`,
		`:19: there is no role "ghost"`,
		`:23: the roles "b" and "a" imply each other`,
		`:24: there are two roles "member"`,
		`:26: the roles "self" and "self" imply each other`,
		`:30: "colour" is unknown here`,
		`:31: "enabled" must be true or false`,
		`:32: there is no project "gone"`,
		`:34: there is no role "king"`,
		`:34: there is no project "gone"`,
		`:35: there is no project "gone"`,
		`:36: exactly one of "project", "domain" and "system" is needed`,
		`:37: exactly one of "project", "domain" and "system" is needed`,
		`:38: "system" can only be all`,
		`:39: there is no domain "Nowhere"`,
		`:40: a mapping is needed here`,
		`:41: there are two users "demo"`,
		`:43: "password" is missing`,
		`:46: "password" is given twice`,
		`:48: a cloud's name is made of letters`,
		`:49: there is no user "ghost"`,
		`:49: there is no project "gone"`,
		`:51: there are two clouds "ok"`,
		`:52: "people" is unknown here`,
	}
	found := strings.Split(err.Error(), "\n")[1:]
	if len(found) != len(want) {
		t.Fatalf("%d faults, not %d:\n%v", len(found), len(want), err)
	}
	for i, fault := range want {
		if !strings.HasPrefix(found[i], "dir/identity.yaml"+fault) {
			t.Errorf("%s, not %s", found[i], fault)
		}
	}
	if strings.Contains(err.Error(), "hunter") {
		t.Error("a password is told")
	}
}

// TestBrokenFiles are not identity.yaml at all.
func TestBrokenFiles(t *testing.T) {
	for text, want := range map[string]string{
		"":                    ":1: the file is empty",
		"# nothing\n":         ":1: the file is empty",
		"users: [":            "did not find",
		"- a list":            ":1: a mapping is needed here",
		"users: {demo: x}":    `:1: "users" must be a list`,
		"users:\n  - *nobody": "unknown anchor",
		"\xff":                "invalid",
	} {
		_, err := parseDirectory("identity.yaml", []byte(text))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "identity.yaml") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestUncommonFiles are right, if unlike the first one.
func TestUncommonFiles(t *testing.T) {
	d, err := parseDirectory("identity.yaml", []byte(`
domains: [{name: Default, id: default}, {name: Far}]
projects:
  - {name: demo}
  - {name: demo, domain: Far, id: fixed}
roles: [{name: top, implies: [left, right]}, {name: left, implies: [low]}, {name: right, implies: [low]}, {name: low}]
users:
  - name: same
    password: 0123
    roles: [{role: top, project: demo, project_domain: Far}, {role: low, project: demo}, {role: right, project: demo}]
  - {name: same, domain: Far, password: yes, default_project: demo, roles: }
`))
	if err != nil {
		t.Fatal(err)
	}
	near, far := d.domainByName("Default"), d.domainByName("Far")
	one, two := d.userByName(near, "same"), d.userByName(far, "same")
	if one.password != "0123" || two.password != "yes" {
		t.Errorf("passwords %q and %q are not as written", one.password, two.password)
	}
	if one.id == two.id || d.projectByName(far, "demo").id != "fixed" || two.defaultProject.id != "fixed" {
		t.Error("domains do not tell names apart")
	}
	names := func(u *user, p *project) string {
		var names []string
		for _, r := range u.rolesOn(scope{project: p}) {
			names = append(names, r.name)
		}
		return strings.Join(names, " ")
	}
	if got := names(one, d.projectByID("fixed")); got != "top left low right" {
		t.Errorf("implied: %s", got)
	}
	if got := names(one, d.projectByName(near, "demo")); got != "low right" {
		t.Errorf("granted twice: %s", got)
	}
}
