package development

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
)

// A directory is what identity.yaml says: domains, projects, roles and users,
// in the file's order. It does not change while the process runs.
type directory struct {
	domains  []*domain
	projects []*project
	roles    []*role
	users    []*user
	clouds   []cloud
}

type domain struct {
	id, name, description string
	disabled              bool
}

type project struct {
	id, name, description string
	domain                *domain
	disabled              bool
}

type role struct {
	id, name string
	implies  []*role
}

type user struct {
	id, name, description, email string
	domain                       *domain
	password                     string
	disabled                     bool
	defaultProject               *project
	grants                       []grant
}

// A grant is one role on one scope: a project, a domain, or the system.
type grant struct {
	role *role
	on   scope
}

// A scope is what a token is good for. The zero scope is that of an unscoped
// token.
type scope struct {
	project *project
	domain  *domain
	system  bool
}

// A cloud is one entry of clouds.yaml.
type cloud struct {
	name string
	user *user
	on   scope
}

// stableID is the id of what the file gives none: the same for the same name
// on every machine, so that examples and a repeated start agree.
func stableID(kind, domain, name string) string {
	sum := sha256.Sum256([]byte(kind + "\x00" + domain + "\x00" + name))
	return hex.EncodeToString(sum[:16])
}

func (d *directory) domainByID(id string) *domain {
	return find(d.domains, func(o *domain) bool { return o.id == id })
}

func (d *directory) domainByName(name string) *domain {
	return find(d.domains, func(o *domain) bool { return o.name == name })
}

func (d *directory) projectByID(id string) *project {
	return find(d.projects, func(p *project) bool { return p.id == id })
}

func (d *directory) projectByName(in *domain, name string) *project {
	return find(d.projects, func(p *project) bool { return p.domain == in && p.name == name })
}

func (d *directory) roleByID(id string) *role {
	return find(d.roles, func(r *role) bool { return r.id == id })
}

func (d *directory) roleByName(name string) *role {
	return find(d.roles, func(r *role) bool { return r.name == name })
}

func (d *directory) userByID(id string) *user {
	return find(d.users, func(u *user) bool { return u.id == id })
}

func (d *directory) userByName(in *domain, name string) *user {
	return find(d.users, func(u *user) bool { return u.domain == in && u.name == name })
}

func find[T any](all []*T, is func(*T) bool) *T {
	if i := slices.IndexFunc(all, is); i >= 0 {
		return all[i]
	}
	return nil
}

// enabled reports whether tokens for this scope may exist.
func (s scope) enabled() bool {
	switch {
	case s.project != nil:
		return !s.project.disabled && !s.project.domain.disabled
	case s.domain != nil:
		return !s.domain.disabled
	}
	return true
}

func (u *user) enabled() bool { return !u.disabled && !u.domain.disabled }

// rolesOn returns the user's roles on a scope, implied ones included, each
// once, stronger before weaker.
//
// Source: Keystone implied roles: a token carries them expanded.
func (u *user) rolesOn(on scope) []*role {
	var all []*role
	for _, g := range u.grants {
		if g.on == on {
			all = g.role.expand(all)
		}
	}
	return all
}

func (r *role) expand(into []*role) []*role {
	if slices.Contains(into, r) {
		return into
	}
	into = append(into, r)
	for _, implied := range r.implies {
		into = implied.expand(into)
	}
	return into
}

// projectsOf returns the enabled projects on which the user has a role.
func (d *directory) projectsOf(u *user) []*project {
	var all []*project
	for _, p := range d.projects {
		on := scope{project: p}
		if on.enabled() && len(u.rolesOn(on)) > 0 {
			all = append(all, p)
		}
	}
	return all
}

// domainsOf returns the enabled domains on which the user has a role.
func (d *directory) domainsOf(u *user) []*domain {
	var all []*domain
	for _, o := range d.domains {
		on := scope{domain: o}
		if on.enabled() && len(u.rolesOn(on)) > 0 {
			all = append(all, o)
		}
	}
	return all
}
