package development

type projectBody struct {
	ID          string         `json:"id"`
	Name        string         `json:"name"`
	DomainID    string         `json:"domain_id"`
	ParentID    string         `json:"parent_id"`
	Description string         `json:"description"`
	Enabled     bool           `json:"enabled"`
	IsDomain    bool           `json:"is_domain"`
	Tags        []string       `json:"tags"`
	Options     map[string]any `json:"options"`
	Links       selfLink       `json:"links"`
}

func (i *Identity) projectBody(p *project) projectBody {
	return projectBody{
		ID: p.id, Name: p.name, DomainID: p.domain.id, ParentID: p.domain.id,
		Description: p.description, Enabled: !p.disabled,
		Tags: []string{}, Options: map[string]any{}, Links: i.self("projects", p.id),
	}
}

// seesProject is whether the caller may look at p: by sees, or by any role
// on it.
func (s *session) seesProject(p *project) bool {
	return s.sees(p.domain, len(s.user.rolesOn(scope{project: p})) > 0)
}

func projectID(p *project) string { return p.id }

func (i *Identity) projectsAnswer(c *call, projects []*project) (*answer, error) {
	list := []projectBody{}
	for _, p := range projects {
		list = append(list, i.projectBody(p))
	}
	return ok(map[string]any{"projects": list, "links": i.listLinks(c)})
}

func (c *call) matchesProject(p *project) bool {
	return c.is("name", p.name) && c.is("domain_id", p.domain.id) && c.is("parent_id", p.domain.id) &&
		c.isTrue("enabled", !p.disabled) && c.isTrue("is_domain", false)
}

// listProjects answers GET /v3/projects.
func (i *Identity) listProjects(c *call) (*answer, error) {
	projects, err := page(c, i.directory.projects, c.session.seesProject, c.matchesProject, projectID)
	if err != nil {
		return nil, err
	}
	return i.projectsAnswer(c, projects)
}

// showProject answers GET /v3/projects/{id}. Who may not look at a project
// does not learn whether it is there.
func (i *Identity) showProject(c *call) (*answer, error) {
	found := i.directory.projectByID(c.params[0])
	switch {
	case found != nil && c.session.seesProject(found):
		return ok(map[string]projectBody{"project": i.projectBody(found)})
	case found == nil && c.session.seesAll():
		return nil, notFound("project", c.params[0])
	}
	return nil, forbidden()
}

// ownProjects answers GET /v3/auth/projects.
func (i *Identity) ownProjects(c *call) (*answer, error) {
	return i.projectsAnswer(c, i.directory.projectsOf(c.session.user))
}

// projectsOfUser answers GET /v3/users/{id}/projects.
func (i *Identity) projectsOfUser(c *call) (*answer, error) {
	found, err := i.user(c)
	if err != nil {
		return nil, err
	}
	var matching []*project
	for _, p := range i.directory.projectsOf(found) {
		if c.matchesProject(p) {
			matching = append(matching, p)
		}
	}
	if matching, err = cut(c, matching, projectID); err != nil {
		return nil, err
	}
	return i.projectsAnswer(c, matching)
}
