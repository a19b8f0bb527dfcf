// Package caller says who is asking: the user, the project and the roles that
// a token stands for.
package caller

import "time"

// A Caller is the outcome of authentication. The zero Caller is nobody.
//
// Source: oslo.context RequestContext, keystonemiddleware auth_token headers.
type Caller struct {
	UserID          string
	UserDomainID    string
	ProjectID       string // empty unless the token is scoped to a project
	ProjectDomainID string
	DomainID        string // set on a domain-scoped token alone
	SystemScope     string // "all" on a system-scoped token
	Roles           []string
	IsAdminProject  bool // true when the token does not say
	ExpiresAt       time.Time

	// Service is who vouches for the request by X-Service-Token. Its roles are
	// never mixed with Roles.
	Service Service

	// RequestID is the id of the request that this caller made.
	RequestID string

	// Admin is the answer of the policy rule context_is_admin, decided once
	// when the request enters.
	Admin bool
}

// A Service is the caller's own service identity, from a valid service token.
type Service struct {
	UserID          string
	UserDomainID    string
	ProjectID       string
	ProjectDomainID string
	Roles           []string
}
