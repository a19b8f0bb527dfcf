package policy

import (
	"errors"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/policy/internal/python"
)

// credentials are what a check reads about who is asking: a caller, read as it
// stands, or a plain mapping. The caller is kept by value, because a pointer
// to it would move it to the heap.
type credentials struct {
	caller  caller.Caller
	mapping map[string]any
	mapped  bool // mapping counts, caller does not
}

// A field is a credential that a caller has.
type field uint8

const (
	fieldNone field = iota
	fieldUserID
	fieldUserDomainID
	fieldProjectID
	fieldProjectDomainID
	fieldDomainID
	fieldSystemScope
	fieldRoles
	fieldIsAdminProject
	fieldServiceUserID
	fieldServiceUserDomainID
	fieldServiceProjectID
	fieldServiceProjectDomainID
	fieldServiceRoles
)

// fields are the names of the credentials.
//
// Source: oslo_context/context.py, RequestContext.to_policy_values; the copy
// system is made by oslo_policy/policy.py, Enforcer.enforce.
var fields = map[string]field{
	"user_id":                   fieldUserID,
	"user_domain_id":            fieldUserDomainID,
	"project_id":                fieldProjectID,
	"project_domain_id":         fieldProjectDomainID,
	"domain_id":                 fieldDomainID,
	"system_scope":              fieldSystemScope,
	"system":                    fieldSystemScope,
	"roles":                     fieldRoles,
	"is_admin_project":          fieldIsAdminProject,
	"service_user_id":           fieldServiceUserID,
	"service_user_domain_id":    fieldServiceUserDomainID,
	"service_project_id":        fieldServiceProjectID,
	"service_project_domain_id": fieldServiceProjectDomainID,
	"service_roles":             fieldServiceRoles,
}

var (
	errNoPath   = errors.New("the path of the left side goes on below a text or a number")
	errNotRoles = errors.New("the credential roles is no list of texts")
)

func (c *credentials) matches(o *operand, want string) (bool, error) {
	if c.mapped {
		return find(c.mapping, o.path, want)
	}
	switch o.field {
	case fieldNone:
		return false, nil
	case fieldRoles:
		return findRole(c.caller.Roles, o.path, want, true)
	case fieldServiceRoles:
		return findRole(c.caller.Service.Roles, o.path, want, false)
	case fieldIsAdminProject:
		if len(o.path) > 1 {
			return false, errNoPath
		}
		text, err := python.Text(c.caller.IsAdminProject)
		return text == want, err
	}
	text := scalar(&c.caller, o.field)
	switch {
	case text == "": // left out, so that no caller's null is a target's null
		return false, nil
	case len(o.path) > 1:
		return false, errNoPath
	}
	return text == want, nil
}

func scalar(c *caller.Caller, f field) string {
	switch f {
	case fieldUserID:
		return c.UserID
	case fieldUserDomainID:
		return c.UserDomainID
	case fieldProjectID:
		return c.ProjectID
	case fieldProjectDomainID:
		return c.ProjectDomainID
	case fieldDomainID:
		return c.DomainID
	case fieldSystemScope:
		return c.SystemScope
	case fieldServiceUserID:
		return c.Service.UserID
	case fieldServiceUserDomainID:
		return c.Service.UserDomainID
	case fieldServiceProjectID:
		return c.Service.ProjectID
	case fieldServiceProjectDomainID:
		return c.Service.ProjectDomainID
	}
	return ""
}

// findRole looks for want among roles. Glance lower-cases a user's roles when
// it makes the credentials, and leaves a service's as they are.
func findRole(roles []string, path []string, want string, lower bool) (bool, error) {
	if len(path) > 1 && len(roles) > 0 {
		return false, errNoPath
	}
	for _, role := range roles {
		if role == want && !lower || lower && python.EqualLower(role, want) {
			return true, nil
		}
	}
	return false, nil
}

// find follows a path through a mapping. A list on the way is tried element by
// element.
//
// Source: oslo_policy/_checks.py, GenericCheck._find_in_dict.
func find(value any, path []string, want string) (bool, error) {
	if len(path) == 0 {
		text, err := python.Text(value)
		return text == want, err
	}
	mapping, ok := value.(map[string]any)
	if !ok {
		return false, errNoPath
	}
	next, ok := mapping[path[0]]
	if !ok {
		return false, nil
	}
	list, ok := next.([]any)
	if !ok {
		return find(next, path[1:], want)
	}
	for _, element := range list {
		found, err := find(element, path[1:], want)
		if found || err != nil {
			return found, err
		}
	}
	return false, nil
}

// hasRole reports whether a role of the user, in lower case, is want.
//
// Source: oslo_policy/_checks.py, RoleCheck.
func (c *credentials) hasRole(want string) (bool, error) {
	if !c.mapped {
		for _, role := range c.caller.Roles {
			if python.EqualLower(role, want) {
				return true, nil
			}
		}
		return false, nil
	}
	roles, ok := c.mapping["roles"]
	if !ok {
		return false, nil
	}
	names, err := roleNames(roles)
	if err != nil {
		return false, err
	}
	found := false
	for _, name := range names {
		found = found || python.EqualLower(name, want)
	}
	return found, nil
}

// roleNames are the texts that Python finds in the credential roles, which need
// not be a list: a text has its characters, a mapping its keys.
func roleNames(roles any) ([]string, error) {
	var names []string
	switch r := roles.(type) {
	case string:
		for _, c := range r {
			names = append(names, string(c))
		}
	case map[string]any:
		for name := range r {
			names = append(names, name)
		}
	case []any:
		for _, element := range r {
			name, ok := element.(string)
			if !ok {
				return nil, errNotRoles
			}
			names = append(names, name)
		}
	default:
		return nil, errNotRoles
	}
	return names, nil
}

// scope is what the token is good for. One without any scope counts as a
// project's.
//
// Source: oslo_policy/policy.py, Enforcer._enforce_scope.
func (c *credentials) scope() Scope {
	var system, domain bool
	if !c.mapped {
		system, domain = c.caller.SystemScope != "", c.caller.DomainID != ""
	} else {
		system = !isEmpty(c.mapping["system_scope"]) || !isEmpty(c.mapping["system"])
		domain = !isEmpty(c.mapping["domain_id"])
	}
	switch {
	case system:
		return ScopeSystem
	case domain:
		return ScopeDomain
	}
	return ScopeProject
}
