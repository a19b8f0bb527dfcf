package development

type userBody struct {
	ID                string         `json:"id"`
	Name              string         `json:"name"`
	DomainID          string         `json:"domain_id"`
	Description       string         `json:"description,omitempty"`
	Email             string         `json:"email,omitempty"`
	DefaultProjectID  string         `json:"default_project_id,omitempty"`
	Enabled           bool           `json:"enabled"`
	PasswordExpiresAt *string        `json:"password_expires_at"` // never
	Options           map[string]any `json:"options"`
	Links             selfLink       `json:"links"`
}

func (i *Identity) userBody(u *user) userBody {
	body := userBody{
		ID: u.id, Name: u.name, DomainID: u.domain.id, Description: u.description, Email: u.email,
		Enabled: !u.disabled, Options: map[string]any{}, Links: i.self("users", u.id),
	}
	if u.defaultProject != nil {
		body.DefaultProjectID = u.defaultProject.id
	}
	return body
}

func (s *session) seesUser(u *user) bool { return s.sees(u.domain, s.user == u) }

// listUsers answers GET /v3/users.
func (i *Identity) listUsers(c *call) (*answer, error) {
	matches := func(u *user) bool {
		return c.is("name", u.name) && c.is("domain_id", u.domain.id) && c.isTrue("enabled", !u.disabled)
	}
	users, err := page(c, i.directory.users, c.session.seesUser, matches, func(u *user) string { return u.id })
	if err != nil {
		return nil, err
	}
	list := []userBody{}
	for _, u := range users {
		list = append(list, i.userBody(u))
	}
	return ok(map[string]any{"users": list, "links": i.listLinks(c)})
}

// user returns the user that the path names, if the caller may look at it.
func (i *Identity) user(c *call) (*user, error) {
	found := i.directory.userByID(c.params[0])
	switch {
	case found != nil && c.session.seesUser(found):
		return found, nil
	case found == nil && c.session.seesAll():
		return nil, notFound("user", c.params[0])
	}
	return nil, forbidden()
}

// showUser answers GET /v3/users/{id}.
func (i *Identity) showUser(c *call) (*answer, error) {
	found, err := i.user(c)
	if err != nil {
		return nil, err
	}
	return ok(map[string]userBody{"user": i.userBody(found)})
}
