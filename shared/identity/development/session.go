package development

import (
	"crypto/ed25519"
	"slices"
)

// A session is what a token stands for, as the directory has it now.
type session struct {
	user      *user
	on        scope
	roles     []*role // expanded; none when unscoped
	methods   []string
	auditIDs  []string
	issuedAt  unixTime
	expiresAt unixTime
}

// session returns what a valid token stands for. Its only error is errToken.
func (i *Identity) session(token string) (*session, error) {
	c, err := verify(i.key.Public().(ed25519.PublicKey), token, i.options.Now())
	if err != nil {
		return nil, err
	}
	if i.revoked.has(c.AuditIDs[0]) {
		return nil, errToken
	}
	s := &session{
		user: i.directory.userByID(c.UserID), methods: c.Methods, auditIDs: c.AuditIDs,
		issuedAt: c.IssuedAt, expiresAt: c.ExpiresAt,
	}
	if s.user == nil || !s.user.enabled() || !i.rescope(s, c) {
		return nil, errToken
	}
	return s, nil
}

// rescope puts the scope of c, as it is now, into s.
func (i *Identity) rescope(s *session, c claims) bool {
	switch {
	case c.ProjectID != "":
		return s.scopeTo(scope{project: i.directory.projectByID(c.ProjectID)})
	case c.DomainID != "":
		return s.scopeTo(scope{domain: i.directory.domainByID(c.DomainID)})
	case c.System != "":
		return s.scopeTo(scope{system: true})
	}
	return true
}

// scopeTo takes on a scope; false, and nothing changed, when it is none that
// this user may have now.
func (s *session) scopeTo(on scope) bool {
	roles := s.user.rolesOn(on)
	if on == (scope{}) || !on.enabled() || len(roles) == 0 {
		return false
	}
	s.on, s.roles = on, roles
	return true
}

// issue signs a token for s, which says how the user proved itself; from is
// the session of the token that was shown, nil when a password was.
//
// A token made from a token lives no longer than the first.
//
// Source: keystone/token/provider.py, issue_token; keystone/models/token_model.py.
func (i *Identity) issue(s *session, from *session) (string, error) {
	now := i.options.Now()
	s.issuedAt = unixTime(now.Unix())
	s.expiresAt = unixTime(now.Add(i.options.TokenLife).Unix())
	s.auditIDs = []string{newAuditID()}
	if from != nil {
		s.expiresAt = from.expiresAt
		s.auditIDs = append(s.auditIDs, from.auditIDs[len(from.auditIDs)-1])
	}
	return sign(i.key, s.claims())
}

func (s *session) claims() claims {
	c := claims{
		UserID: s.user.id, UserDomainID: s.user.domain.id,
		Methods: s.methods, AuditIDs: s.auditIDs, IssuedAt: s.issuedAt, ExpiresAt: s.expiresAt,
	}
	switch {
	case s.on.project != nil:
		c.ProjectID, c.ProjectDomainID = s.on.project.id, s.on.project.domain.id
	case s.on.domain != nil:
		c.DomainID = s.on.domain.id
	case s.on.system:
		c.System = "all"
	}
	for _, r := range s.roles {
		c.Roles = append(c.Roles, roleClaim{ID: r.id, Name: r.name})
	}
	return c
}

func (s *session) has(name string) bool {
	return slices.ContainsFunc(s.roles, func(r *role) bool { return r.name == name })
}
