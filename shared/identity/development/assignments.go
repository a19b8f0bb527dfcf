package development

// An assignment is one user's role on one scope.
type assignment struct {
	user *user
	role *role
	on   scope
}

type assigned struct {
	ID     string `json:"id"`
	Name   string `json:"name,omitempty"`
	Domain *named `json:"domain,omitempty"`
}

type assignedScope struct {
	Project *assigned      `json:"project,omitempty"`
	Domain  *assigned      `json:"domain,omitempty"`
	System  *systemInToken `json:"system,omitempty"`
}

type assignmentBody struct {
	Role  assigned          `json:"role"`
	User  assigned          `json:"user"`
	Scope assignedScope     `json:"scope"`
	Links map[string]string `json:"links"`
}

// assignments returns what the file grants; effective ones are those of
// implied roles too.
func (d *directory) assignments(effective bool) []*assignment {
	var all []*assignment
	for _, u := range d.users {
		for _, g := range u.grants {
			roles := []*role{g.role}
			if effective {
				roles = g.role.expand(nil)
			}
			for _, r := range roles {
				all = append(all, &assignment{user: u, role: r, on: g.on})
			}
		}
	}
	return all
}

// listAssignments answers GET /v3/role_assignments.
//
// Source: the Identity API v3 reference, list role assignments. Its effective
// and include_names are flags: given without a value they count.
func (i *Identity) listAssignments(c *call) (*answer, error) {
	all := i.directory.assignments(c.flag("effective"))
	sees := func(a *assignment) bool { return c.session.seesUser(a.user) }
	shown, err := page(c, all, sees, c.matchesAssignment, func(a *assignment) string { return a.user.id + a.role.id })
	if err != nil {
		return nil, err
	}
	list := []assignmentBody{}
	for _, a := range shown {
		list = append(list, i.assignmentBody(a, c.flag("include_names")))
	}
	return ok(map[string]any{"role_assignments": list, "links": i.listLinks(c)})
}

func (c *call) flag(name string) bool { return c.query.Has(name) && truth(c.query.Get(name)) }

func (c *call) matchesAssignment(a *assignment) bool {
	projectID, domainID, system := "", "", ""
	switch {
	case a.on.project != nil:
		projectID = a.on.project.id
	case a.on.domain != nil:
		domainID = a.on.domain.id
	case a.on.system:
		system = "all"
	}
	return c.is("user.id", a.user.id) && c.is("role.id", a.role.id) && c.is("group.id", "") &&
		c.is("scope.project.id", projectID) && c.is("scope.domain.id", domainID) && c.is("scope.system", system)
}

func (i *Identity) assignmentBody(a *assignment, names bool) assignmentBody {
	body := assignmentBody{
		Role: assigned{ID: a.role.id}, User: assigned{ID: a.user.id},
		Links: map[string]string{},
	}
	var where string
	switch on := a.on; {
	case on.project != nil:
		body.Scope.Project = &assigned{ID: on.project.id}
		where = "/v3/projects/" + on.project.id
	case on.domain != nil:
		body.Scope.Domain = &assigned{ID: on.domain.id}
		where = "/v3/domains/" + on.domain.id
	case on.system:
		body.Scope.System = &systemInToken{All: true}
		where = "/v3/system"
	}
	body.Links["assignment"] = i.endpoint + where + "/users/" + a.user.id + "/roles/" + a.role.id
	if names {
		body.name(a)
	}
	return body
}

func (b *assignmentBody) name(a *assignment) {
	b.Role.Name, b.User.Name = a.role.name, a.user.name
	home := a.user.domain.named()
	b.User.Domain = &home
	switch on := a.on; {
	case on.project != nil:
		b.Scope.Project.Name = on.project.name
		in := on.project.domain.named()
		b.Scope.Project.Domain = &in
	case on.domain != nil:
		b.Scope.Domain.Name = on.domain.name
	}
}
