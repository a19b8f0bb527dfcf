package policy

import "slices"

// A Scope is what a token is good for.
type Scope uint8

// The scopes of tokens.
const (
	ScopeProject Scope = iota // of a project, and of a token without a scope
	ScopeDomain
	ScopeSystem
)

// String returns the scope's name in a policy.
func (s Scope) String() string { return [...]string{"project", "domain", "system"}[s] }

// A Default is a registered rule: what holds unless an operator says otherwise,
// and what operators are told about it.
type Default struct {
	Rule        Rule
	Check       string
	Scopes      []Scope  // tokens of another scope are denied; none means any
	Operations  []string // method and path
	Description string

	Replaces *Predecessor // nil: nothing
}

// A Predecessor is what a rule was called before, and what it said. An operator
// who changed it under that name did not mean to lose the change with the name.
type Predecessor struct {
	Rule  Rule
	Check string
}

// Defaults returns all registered rules. The caller may change the list, not
// what its elements point to.
//
// Source: glance/policies, release 33.0.0; ours.
func Defaults() []Default {
	return slices.Concat(baseDefaults, imageDefaults, otherDefaults, metadefDefaults, ownDefaults)
}

var projectOnly = []Scope{ScopeProject}

// The check strings that more than one rule has.
const (
	admin         = "rule:context_is_admin"
	allowDefault  = "rule:default"
	metadefAdmin  = "rule:metadef_admin"
	service       = "rule:service_api"
	projectMember = "rule:context_is_admin or (role:member and project_id:%(project_id)s)"
	projectReader = "rule:context_is_admin or (role:reader and project_id:%(project_id)s)"
	createImage   = "rule:context_is_admin or (role:member and project_id:%(project_id)s and project_id:%(owner)s)"
	seeImage      = "rule:context_is_admin or (role:reader and (project_id:%(project_id)s or project_id:%(member_id)s or 'community':%(visibility)s or 'public':%(visibility)s or 'shared':%(visibility)s))"
	getData       = "rule:context_is_admin or (role:member and (project_id:%(project_id)s or project_id:%(member_id)s or 'community':%(visibility)s or 'public':%(visibility)s or 'shared':%(visibility)s))"
	readShare     = "rule:context_is_admin or role:reader and (project_id:%(project_id)s or project_id:%(member_id)s)"
	setShare      = "rule:context_is_admin or (role:member and project_id:%(member_id)s)"
	readNamespace = "rule:context_is_admin or (role:reader and (project_id:%(project_id)s or 'public':%(visibility)s))"
)

var baseDefaults = []Default{
	{
		Rule: "default", Check: "",
		Description: "What a rule that refers to an unknown one would get; allows.",
	},
	{
		Rule: "context_is_admin", Check: "role:admin",
		Description: "Who counts as an administrator.",
	},
	{
		Rule: "service_api", Check: "role:service or role:admin",
		Description: "Who counts as a service of the cloud.",
	},
}
