package development

import (
	"net/http"
)

type named struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type inDomain struct {
	Domain named  `json:"domain"`
	ID     string `json:"id"`
	Name   string `json:"name"`
}

type userInToken struct {
	inDomain
	PasswordExpiresAt *string `json:"password_expires_at"` // never
}

type systemInToken struct {
	All bool `json:"all"`
}

// A tokenBody is what Keystone tells about a token.
//
// Source: keystone/common/render_token.py.
type tokenBody struct {
	Methods   []string       `json:"methods"`
	User      userInToken    `json:"user"`
	AuditIDs  []string       `json:"audit_ids"`
	ExpiresAt string         `json:"expires_at"`
	IssuedAt  string         `json:"issued_at"`
	Project   *inDomain      `json:"project,omitempty"`
	IsDomain  *bool          `json:"is_domain,omitempty"`
	Domain    *named         `json:"domain,omitempty"`
	System    *systemInToken `json:"system,omitempty"`
	Roles     []named        `json:"roles,omitempty"`
	Catalog   []catalogEntry `json:"catalog,omitempty"`
}

// tokenTime is how Keystone writes a moment.
const tokenTime = "2006-01-02T15:04:05.000000Z"

func (d *domain) named() named { return named{ID: d.id, Name: d.name} }

// tokenBody describes s; the catalogue goes with every scope.
func (i *Identity) tokenBody(s *session, withCatalog bool) map[string]tokenBody {
	body := tokenBody{
		Methods: s.methods, AuditIDs: s.auditIDs,
		User:      userInToken{inDomain: inDomain{ID: s.user.id, Name: s.user.name, Domain: s.user.domain.named()}},
		IssuedAt:  s.issuedAt.time().Format(tokenTime),
		ExpiresAt: s.expiresAt.time().Format(tokenTime),
	}
	switch on := s.on; {
	case on.project != nil:
		isDomain := false
		body.IsDomain = &isDomain
		body.Project = &inDomain{ID: on.project.id, Name: on.project.name, Domain: on.project.domain.named()}
	case on.domain != nil:
		own := on.domain.named()
		body.Domain = &own
	case on.system:
		body.System = &systemInToken{All: true}
	}
	for _, r := range s.roles {
		body.Roles = append(body.Roles, named{ID: r.id, Name: r.name})
	}
	if withCatalog && s.on != (scope{}) {
		body.Catalog = i.catalog()
	}
	return map[string]tokenBody{"token": body}
}

func (c *call) wantsCatalog() bool { return !c.query.Has("nocatalog") }

// createToken answers POST /v3/auth/tokens.
func (i *Identity) createToken(c *call) (*answer, error) {
	asked, wish, err := readAuth(c)
	if err != nil {
		return nil, err
	}
	s, from, err := i.login(asked)
	if err != nil {
		return nil, err
	}
	if err := i.choose(s, wish); err != nil {
		return nil, err
	}
	token, err := i.issue(s, from)
	if err != nil {
		return nil, err
	}
	return &answer{
		status: http.StatusCreated,
		header: http.Header{"X-Subject-Token": {token}},
		body:   i.tokenBody(s, c.wantsCatalog()),
	}, nil
}

// subject returns the session of X-Auth-Token and of X-Subject-Token: 401
// when the first is no good, 404 when the second is not, 403 when the asker
// may not look at it.
//
// Source: policy.v3 identity:validate_token, identity:revoke_token: an
// administrator, a service, or the token's own user.
func (i *Identity) subject(c *call) (*session, error) {
	asker, err := i.session(c.Header.Get("X-Auth-Token"))
	if err != nil {
		return nil, unauthorized()
	}
	s, err := i.session(c.Header.Get("X-Subject-Token"))
	if err != nil {
		return nil, &failure{code: http.StatusNotFound, message: "Could not find token."}
	}
	if s.user != asker.user && !asker.has("admin") && !asker.has("service") {
		return nil, forbidden()
	}
	return s, nil
}

// showToken answers GET and HEAD /v3/auth/tokens.
func (i *Identity) showToken(c *call) (*answer, error) {
	s, err := i.subject(c)
	if err != nil {
		return nil, err
	}
	return &answer{
		status: http.StatusOK,
		header: http.Header{"X-Subject-Token": {c.Header.Get("X-Subject-Token")}},
		body:   i.tokenBody(s, c.wantsCatalog()),
	}, nil
}

// revokeToken answers DELETE /v3/auth/tokens.
func (i *Identity) revokeToken(c *call) (*answer, error) {
	s, err := i.subject(c)
	if err != nil {
		return nil, err
	}
	if err := i.revoked.add(s.auditIDs[0], s.expiresAt); err != nil {
		return nil, err
	}
	return &answer{status: http.StatusNoContent}, nil
}

// showCatalog answers GET /v3/auth/catalog.
func (i *Identity) showCatalog(c *call) (*answer, error) {
	if c.session.on == (scope{}) {
		return nil, forbidden()
	}
	return ok(map[string]any{"catalog": i.catalog(), "links": i.listLinks(c)})
}
