package development

type roleBody struct {
	ID          string         `json:"id"`
	Name        string         `json:"name"`
	DomainID    *string        `json:"domain_id"` // roles are everybody's
	Description string         `json:"description"`
	Options     map[string]any `json:"options"`
	Links       selfLink       `json:"links"`
}

func (i *Identity) roleBody(r *role) roleBody {
	return roleBody{ID: r.id, Name: r.name, Options: map[string]any{}, Links: i.self("roles", r.id)}
}

func (s *session) seesRole(*role) bool { return s.seesAll() || s.on.domain != nil }

// listRoles answers GET /v3/roles.
func (i *Identity) listRoles(c *call) (*answer, error) {
	matches := func(r *role) bool { return c.is("name", r.name) && c.is("domain_id", "") }
	roles, err := page(c, i.directory.roles, c.session.seesRole, matches, func(r *role) string { return r.id })
	if err != nil {
		return nil, err
	}
	list := []roleBody{}
	for _, r := range roles {
		list = append(list, i.roleBody(r))
	}
	return ok(map[string]any{"roles": list, "links": i.listLinks(c)})
}

// showRole answers GET /v3/roles/{id}.
func (i *Identity) showRole(c *call) (*answer, error) {
	found := i.directory.roleByID(c.params[0])
	switch {
	case !c.session.seesRole(found):
		return nil, forbidden()
	case found == nil:
		return nil, notFound("role", c.params[0])
	}
	return ok(map[string]roleBody{"role": i.roleBody(found)})
}
