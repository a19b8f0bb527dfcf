package development

type domainBody struct {
	ID          string         `json:"id"`
	Name        string         `json:"name"`
	Description string         `json:"description"`
	Enabled     bool           `json:"enabled"`
	Tags        []string       `json:"tags"`
	Options     map[string]any `json:"options"`
	Links       selfLink       `json:"links"`
}

func (i *Identity) domainBody(d *domain) domainBody {
	return domainBody{
		ID: d.id, Name: d.name, Description: d.description, Enabled: !d.disabled,
		Tags: []string{}, Options: map[string]any{}, Links: i.self("domains", d.id),
	}
}

// seesDomain is whether the caller may look at d: its own user's, that of its
// project, and by sees.
func (s *session) seesDomain(d *domain) bool {
	return s.sees(d, s.user.domain == d || s.on.project != nil && s.on.project.domain == d)
}

func (i *Identity) domainsAnswer(c *call, domains []*domain) (*answer, error) {
	list := []domainBody{}
	for _, d := range domains {
		list = append(list, i.domainBody(d))
	}
	return ok(map[string]any{"domains": list, "links": i.listLinks(c)})
}

// listDomains answers GET /v3/domains.
func (i *Identity) listDomains(c *call) (*answer, error) {
	matches := func(d *domain) bool { return c.is("name", d.name) && c.isTrue("enabled", !d.disabled) }
	domains, err := page(c, i.directory.domains, c.session.seesDomain, matches, func(d *domain) string { return d.id })
	if err != nil {
		return nil, err
	}
	return i.domainsAnswer(c, domains)
}

// showDomain answers GET /v3/domains/{id}.
func (i *Identity) showDomain(c *call) (*answer, error) {
	found := i.directory.domainByID(c.params[0])
	switch {
	case found != nil && c.session.seesDomain(found):
		return ok(map[string]domainBody{"domain": i.domainBody(found)})
	case found == nil && c.session.seesAll():
		return nil, notFound("domain", c.params[0])
	}
	return nil, forbidden()
}

// ownDomains answers GET /v3/auth/domains.
func (i *Identity) ownDomains(c *call) (*answer, error) {
	return i.domainsAnswer(c, i.directory.domainsOf(c.session.user))
}

// ownSystem answers GET /v3/auth/system.
func (i *Identity) ownSystem(c *call) (*answer, error) {
	list := []systemInToken{}
	if len(c.session.user.rolesOn(scope{system: true})) > 0 {
		list = append(list, systemInToken{All: true})
	}
	return ok(map[string]any{"system": list, "links": i.listLinks(c)})
}
