package keystone

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/identity"
)

type named struct {
	ID string `json:"id"`
}

type inDomain struct {
	ID     string `json:"id"`
	Domain named  `json:"domain"`
}

type accessRule struct {
	Service string `json:"service"`
	Method  string `json:"method"`
	Path    string `json:"path"`
}

// A shown token is what Keystone tells of one.
//
// Source: keystone/common/render_token.py.
type shown struct {
	User    inDomain  `json:"user"`
	Project *inDomain `json:"project"`
	Domain  *named    `json:"domain"`
	System  *struct {
		All bool `json:"all"`
	} `json:"system"`
	Roles []struct {
		Name string `json:"name"`
	} `json:"roles"`
	IsAdminProject        *bool     `json:"is_admin_project"`
	ExpiresAt             time.Time `json:"expires_at"`
	ApplicationCredential *struct {
		AccessRules *[]accessRule `json:"access_rules"`
	} `json:"application_credential"`
	Catalog []struct {
		Type string `json:"type"`
	} `json:"catalog"`
}

// readShown reads the body of an answer that calls a token valid.
func readShown(body []byte) (shown, error) {
	var answer struct {
		Token *shown `json:"token"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return shown{}, fmt.Errorf("%w: it is not JSON of the form that was expected", errAnswer) // err may quote it
	}
	token := answer.Token
	if token == nil || token.User.ID == "" || token.ExpiresAt.IsZero() {
		return shown{}, fmt.Errorf("%w: it lacks the user, or the time of expiry", errAnswer)
	}
	return *token, nil
}

// limited is whether the token is good for some calls alone.
func (s shown) limited() bool {
	return s.ApplicationCredential != nil && s.ApplicationCredential.AccessRules != nil
}

func (s shown) verdict() (identity.Verdict, error) {
	who, err := s.caller()
	if err != nil || !s.limited() {
		return identity.Verdict{Caller: who}, err
	}
	verdict := identity.Verdict{Caller: who, AccessRules: []identity.AccessRule{}}
	for _, rule := range *s.ApplicationCredential.AccessRules {
		verdict.AccessRules = append(verdict.AccessRules, identity.NewAccessRule(rule.Service, rule.Method, rule.Path))
	}
	for _, entry := range s.Catalog {
		verdict.Services = append(verdict.Services, entry.Type)
	}
	return verdict, nil
}

// caller is who the token stands for. Roles are those of its one scope; a token
// of none has none. Whether the project is the administrators' is true when
// Keystone does not say.
//
// Source: keystoneauth1/access/access.py.
func (s shown) caller() (caller.Caller, error) {
	who := caller.Caller{
		UserID: s.User.ID, UserDomainID: s.User.Domain.ID,
		IsAdminProject: s.IsAdminProject == nil || *s.IsAdminProject,
		ExpiresAt:      s.ExpiresAt,
	}
	scopes := 0
	if s.Project != nil {
		scopes++
		who.ProjectID, who.ProjectDomainID = s.Project.ID, s.Project.Domain.ID
	}
	if s.Domain != nil {
		scopes++
		who.DomainID = s.Domain.ID
	}
	if s.System != nil && s.System.All {
		scopes++
		who.SystemScope = "all"
	}
	if scopes > 1 || scopes == 1 && who.ProjectID+who.DomainID+who.SystemScope == "" {
		return caller.Caller{}, fmt.Errorf("%w: what the token is scoped to is not clear", errAnswer)
	}
	for _, role := range s.Roles {
		if role.Name != "" && scopes == 1 {
			who.Roles = append(who.Roles, role.Name)
		}
	}
	return who, nil
}
