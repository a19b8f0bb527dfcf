package identity

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/gander-images/gander/shared/caller"
)

// handedForm is the form of a caller that is handed over. Whoever changes what is
// in it gives it another number: a reader that does not know everything about a
// caller must not let it pass.
const handedForm = 1

// A handed caller is one on its way from a gateway's authorizer to the functions
// behind. It has all of a caller.Caller that authentication settles, and nothing
// of the token.
type handed struct {
	Form            int       `json:"form"`
	UserID          string    `json:"user_id"`
	UserDomainID    string    `json:"user_domain_id,omitempty"`
	ProjectID       string    `json:"project_id,omitempty"`
	ProjectDomainID string    `json:"project_domain_id,omitempty"`
	DomainID        string    `json:"domain_id,omitempty"`
	SystemScope     string    `json:"system_scope,omitempty"`
	Roles           []string  `json:"roles,omitempty"`
	IsAdminProject  bool      `json:"is_admin_project"`
	ExpiresAt       time.Time `json:"expires_at"`

	Service *handedService `json:"service,omitempty"`
}

type handedService struct {
	UserID          string   `json:"user_id"`
	UserDomainID    string   `json:"user_domain_id,omitempty"`
	ProjectID       string   `json:"project_id,omitempty"`
	ProjectDomainID string   `json:"project_domain_id,omitempty"`
	Roles           []string `json:"roles"`
}

// Hand writes an authenticated caller as one line of JSON.
func Hand(who caller.Caller) (string, error) {
	h := handed{
		Form: handedForm, UserID: who.UserID, UserDomainID: who.UserDomainID, ProjectID: who.ProjectID, ProjectDomainID: who.ProjectDomainID,
		DomainID: who.DomainID, SystemScope: who.SystemScope, Roles: who.Roles, IsAdminProject: who.IsAdminProject, ExpiresAt: who.ExpiresAt,
	}
	if s := who.Service; len(s.Roles) > 0 {
		h.Service = &handedService{s.UserID, s.UserDomainID, s.ProjectID, s.ProjectDomainID, s.Roles}
	}
	text, err := json.Marshal(h)
	if err != nil {
		return "", fmt.Errorf("writing a caller down: %w", err)
	}
	return string(text), nil
}

// take reads what Hand wrote.
func take(text string) (caller.Caller, error) {
	var h handed
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.DisallowUnknownFields()
	if err := d.Decode(&h); err != nil {
		return caller.Caller{}, fmt.Errorf("the authorizer's context: %w", err)
	}
	if h.Form != handedForm || h.UserID == "" || h.ExpiresAt.IsZero() {
		return caller.Caller{}, errors.New("the authorizer's context is not of the form that is read here")
	}
	who := caller.Caller{
		UserID: h.UserID, UserDomainID: h.UserDomainID, ProjectID: h.ProjectID, ProjectDomainID: h.ProjectDomainID,
		DomainID: h.DomainID, SystemScope: h.SystemScope, Roles: h.Roles, IsAdminProject: h.IsAdminProject, ExpiresAt: h.ExpiresAt,
	}
	if s := h.Service; s != nil {
		who.Service = caller.Service{
			UserID: s.UserID, UserDomainID: s.UserDomainID, ProjectID: s.ProjectID, ProjectDomainID: s.ProjectDomainID, Roles: s.Roles,
		}
	}
	return who, nil
}

// handedKey is the context key of what an authorizer said.
type handedKey struct{}

// WithHanded adds to a request's context what the authorizer of its gateway said
// of the caller. Nothing that a client sends may come here: it is for who reads
// the gateway's own part of an event.
func WithHanded(ctx context.Context, text string) context.Context {
	return context.WithValue(ctx, handedKey{}, text)
}

// Handed takes callers from the authorizer of the gateway in front, and looks at
// no token itself. It is for functions that nothing but the gateway can call.
type Handed struct {
	Now func() time.Time
}

// Authenticate returns the caller that the authorizer let pass. A gateway may
// remember that for longer than the token lasts, so the end is looked at here;
// as before the gateway, a service that vouches for the request lets an expired
// token pass.
//
// Errors: problem.Unauthorized where the authorizer said nothing.
func (h Handed) Authenticate(ctx context.Context, _ Credentials) (caller.Caller, error) {
	text, _ := ctx.Value(handedKey{}).(string)
	if text == "" {
		return caller.Caller{}, unauthorized()
	}
	who, err := take(text)
	if err != nil {
		return caller.Caller{}, unavailable(err)
	}
	if len(who.Service.Roles) == 0 && !h.Now().Before(who.ExpiresAt) {
		return caller.Caller{}, unauthorized()
	}
	return who, nil
}
