package development

import (
	"fmt"
	"regexp"
	"slices"

	"go.yaml.in/yaml/v3"
)

// parseDirectory reads the text of identity.yaml. All faults come in one
// error, each with file and line.
func parseDirectory(file string, text []byte) (*directory, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, fmt.Errorf("the development identity cannot start: %s: %w", file, err)
	}
	p := &parser{faults: &faults{file: file}, into: &directory{}}
	if len(document.Content) == 0 {
		p.faults.add(&yaml.Node{Line: 1}, "the file is empty; remove it, and the next start makes a new one")
		return nil, p.faults.err()
	}
	root, _ := p.faults.mapping(document.Content[0], "domains", "projects", "roles", "users", "clouds")
	root.each("domains", p.domain)
	root.each("projects", p.project)
	root.each("roles", p.role)
	p.implications()
	root.each("users", p.user)
	root.each("clouds", p.cloud)
	if err := p.faults.err(); err != nil {
		return nil, err
	}
	return p.into, nil
}

type parser struct {
	faults  *faults
	into    *directory
	implies []implication
	ids     map[string]bool
}

// An implication waits until all roles are known.
type implication struct {
	of   *role
	name *yaml.Node
}

// id returns the id that r gives, or the stable one, and sees to it that no
// two of a kind share theirs.
func (p *parser) id(r record, kind, domain, name string) string {
	id := r.text("id")
	if id == "" {
		id = stableID(kind, domain, name)
	}
	if p.ids == nil {
		p.ids = map[string]bool{}
	}
	if p.ids[kind+id] {
		p.faults.add(r.at("id"), "two %ss have the id %q", kind, id)
	}
	p.ids[kind+id] = true
	return id
}

func (p *parser) domain(node *yaml.Node) {
	r, ok := p.faults.mapping(node, "name", "id", "description", "enabled")
	if !ok {
		return
	}
	name := r.needed("name")
	if name == "" {
		return
	}
	if p.into.domainByName(name) != nil {
		p.faults.add(r.at("name"), "there are two domains %q", name)
		return
	}
	p.into.domains = append(p.into.domains, &domain{
		id: p.id(r, "domain", "", name), name: name,
		description: r.text("description"), disabled: !r.truth("enabled", true),
	})
}

// domainOf returns the domain that a field names, Default when the field is
// empty, nil after a fault.
func (p *parser) domainOf(r record, field string) *domain {
	name := r.text(field)
	if name == "" {
		name = "Default"
	}
	found := p.into.domainByName(name)
	if found == nil {
		p.faults.add(r.at(field), "there is no domain %q", name)
	}
	return found
}

func (p *parser) project(node *yaml.Node) {
	r, ok := p.faults.mapping(node, "name", "id", "description", "domain", "enabled")
	if !ok {
		return
	}
	name, in := r.needed("name"), p.domainOf(r, "domain")
	if name == "" || in == nil {
		return
	}
	if p.into.projectByName(in, name) != nil {
		p.faults.add(r.at("name"), "there are two projects %q in the domain %q", name, in.name)
		return
	}
	p.into.projects = append(p.into.projects, &project{
		id: p.id(r, "project", in.id, name), name: name, domain: in,
		description: r.text("description"), disabled: !r.truth("enabled", true),
	})
}

func (p *parser) role(node *yaml.Node) {
	r, ok := p.faults.mapping(node, "name", "id", "implies")
	if !ok {
		return
	}
	name := r.needed("name")
	if name == "" {
		return
	}
	if p.into.roleByName(name) != nil {
		p.faults.add(r.at("name"), "there are two roles %q", name)
		return
	}
	made := &role{id: p.id(r, "role", "", name), name: name}
	p.into.roles = append(p.into.roles, made)
	r.each("implies", func(implied *yaml.Node) {
		p.implies = append(p.implies, implication{of: made, name: implied})
	})
}

func (p *parser) implications() {
	for _, i := range p.implies {
		implied := p.into.roleByName(i.name.Value)
		switch {
		case implied == nil:
			p.faults.add(i.name, "there is no role %q", i.name.Value)
		case find(implied.expand(nil), func(r *role) bool { return r == i.of }) != nil:
			p.faults.add(i.name, "the roles %q and %q imply each other", i.of.name, implied.name)
		default:
			i.of.implies = append(i.of.implies, implied)
		}
	}
}

func (p *parser) user(node *yaml.Node) {
	r, ok := p.faults.mapping(node, "name", "id", "description", "email", "domain", "enabled",
		"password", "default_project", "roles")
	if !ok {
		return
	}
	name, in := r.needed("name"), p.domainOf(r, "domain")
	made := &user{
		name: name, domain: in, description: r.text("description"), email: r.text("email"),
		password: r.needed("password"), disabled: !r.truth("enabled", true),
	}
	if in != nil && r.text("default_project") != "" {
		made.defaultProject = p.projectOf(r, "default_project", in)
	}
	r.each("roles", func(node *yaml.Node) { p.grant(made, node) })
	if name == "" || in == nil {
		return
	}
	if p.into.userByName(in, name) != nil {
		p.faults.add(r.at("name"), "there are two users %q in the domain %q", name, in.name)
		return
	}
	made.id = p.id(r, "user", in.id, name)
	p.into.users = append(p.into.users, made)
}

// projectOf returns the project that a field names, nil after a fault.
func (p *parser) projectOf(r record, field string, in *domain) *project {
	name := r.text(field)
	found := p.into.projectByName(in, name)
	if found == nil {
		p.faults.add(r.at(field), "there is no project %q in the domain %q", name, in.name)
	}
	return found
}

func (p *parser) grant(to *user, node *yaml.Node) {
	r, ok := p.faults.mapping(node, "role", "project", "project_domain", "domain", "system")
	if !ok {
		return
	}
	name := r.needed("role")
	held := p.into.roleByName(name)
	if held == nil && name != "" {
		p.faults.add(r.at("role"), "there is no role %q", name)
	}
	on, ok := p.scope(r)
	if held == nil || !ok {
		return
	}
	to.grants = append(to.grants, grant{role: held, on: on})
}

// scope reads which one of project, domain and system r names.
func (p *parser) scope(r record) (on scope, ok bool) {
	named := 0
	for _, field := range []string{"project", "domain", "system"} {
		if r.fields[field] != nil {
			named++
		}
	}
	if named != 1 {
		p.faults.add(r.node, `exactly one of "project", "domain" and "system" is needed`)
		return scope{}, false
	}
	switch {
	case r.fields["system"] != nil:
		if r.text("system") != "all" {
			p.faults.add(r.at("system"), `"system" can only be all`)
			return scope{}, false
		}
		return scope{system: true}, true
	case r.fields["domain"] != nil:
		on.domain = p.domainOf(r, "domain")
		return on, on.domain != nil
	}
	in := p.domainOf(r, "project_domain")
	if in == nil {
		return scope{}, false
	}
	on.project = p.projectOf(r, "project", in)
	return on, on.project != nil
}

// cloudName is what may stand in a file's name and in a shell's word.
var cloudName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]*$`)

func (p *parser) cloud(node *yaml.Node) {
	r, ok := p.faults.mapping(node, "name", "user", "user_domain", "project", "project_domain", "domain", "system")
	if !ok {
		return
	}
	name, login := r.needed("name"), p.login(r)
	on, ok := p.scope(r)
	switch {
	case name == "":
		return
	case !cloudName.MatchString(name):
		p.faults.add(r.at("name"), "a cloud's name is made of letters, digits, dots, dashes and underscores")
		return
	case slices.ContainsFunc(p.into.clouds, func(other cloud) bool { return other.name == name }):
		p.faults.add(r.at("name"), "there are two clouds %q", name)
		return
	case login == nil || !ok:
		return
	}
	p.into.clouds = append(p.into.clouds, cloud{name: name, user: login, on: on})
}

// login returns the user that a cloud names, nil after a fault.
func (p *parser) login(r record) *user {
	name, in := r.needed("user"), p.domainOf(r, "user_domain")
	if name == "" || in == nil {
		return nil
	}
	found := p.into.userByName(in, name)
	if found == nil {
		p.faults.add(r.at("user"), "there is no user %q in the domain %q", name, in.name)
	}
	return found
}
