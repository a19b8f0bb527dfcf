package identity

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gander-images/gander/shared/caller"
)

// handedForm is the form of a caller that is handed over. Whoever changes what is
// in it gives it another number: a reader that does not know everything about a
// caller must not let it pass.
const handedForm = 1

// A handed caller is one on its way from a gateway's authorizer to the functions
// behind. It has all of a caller.Caller that authentication settles, and nothing
// of the tokens but a sum, by which it is known that it is handed over for them.
type handed struct {
	Form            int       `json:"form"`
	For             string    `json:"for"`
	Bound           bool      `json:"bound,omitempty"`
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

// Hand authenticates a request on behalf of the functions behind a gateway, and
// writes its caller down for them, as one line of JSON.
func (f *Front) Hand(ctx context.Context, shown Credentials) (userID, text string, err error) {
	who, bound, err := f.authenticate(ctx, shown)
	if err != nil {
		return "", "", err
	}
	text, err = hand(who, shown, bound)
	return who.UserID, text, err
}

func hand(who caller.Caller, shown Credentials, bound bool) (string, error) {
	h := handed{
		Form: handedForm, For: shown.sum(bound), Bound: bound, UserID: who.UserID, UserDomainID: who.UserDomainID, ProjectID: who.ProjectID, ProjectDomainID: who.ProjectDomainID,
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

// sum stands for what a caller was authenticated by: the tokens and, where the
// token is good for some calls alone, the call. Whatever a gateway remembers an
// answer of its authorizer by, it is used for nothing else.
func (c Credentials) sum(bound bool) string {
	parts := []string{c.Token, c.ServiceToken}
	if bound {
		parts = append(parts, c.Method, c.Path)
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%q", parts)) // quoted, so that no part can stand for two
	return hex.EncodeToString(sum[:])
}

// take reads what hand wrote.
func take(text string) (handed, error) {
	var h handed
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&h); err != nil {
		return handed{}, fmt.Errorf("the authorizer's context: %w", err)
	}
	if h.Form != handedForm || h.UserID == "" || h.ExpiresAt.IsZero() {
		return handed{}, errors.New("the authorizer's context is not of the form that is read here")
	}
	return h, nil
}

func (h handed) caller() caller.Caller {
	who := caller.Caller{
		UserID: h.UserID, UserDomainID: h.UserDomainID, ProjectID: h.ProjectID, ProjectDomainID: h.ProjectDomainID,
		DomainID: h.DomainID, SystemScope: h.SystemScope, Roles: h.Roles, IsAdminProject: h.IsAdminProject, ExpiresAt: h.ExpiresAt,
	}
	if s := h.Service; s != nil {
		who.Service = caller.Service{
			UserID: s.UserID, UserDomainID: s.UserDomainID, ProjectID: s.ProjectID, ProjectDomainID: s.ProjectDomainID, Roles: s.Roles,
		}
	}
	return who
}

// handedKey is the context key of what an authorizer said.
type handedKey struct{}

// WithHanded adds to a request's context what the authorizer of its gateway said
// of the caller. Nothing that a client sends may come here: it is for who reads
// the gateway's own part of an event.
func WithHanded(ctx context.Context, text string) context.Context {
	return context.WithValue(ctx, handedKey{}, text)
}

// Handed takes callers from the authorizer of the gateway in front, and has no
// token checked. It is for functions that nothing but the gateway can call.
type Handed struct {
	Now func() time.Time
}

// Authenticate returns the caller that the authorizer let pass. A gateway may
// remember that for longer than the token lasts, so the end is looked at here;
// as before the gateway, a service that vouches for the request lets an expired
// token pass.
//
// Errors: problem.Unauthorized where the authorizer said nothing, or of other
// tokens than the request shows.
func (h Handed) Authenticate(ctx context.Context, shown Credentials) (caller.Caller, error) {
	text, _ := ctx.Value(handedKey{}).(string)
	if text == "" {
		return caller.Caller{}, unauthorized()
	}
	given, err := take(text)
	if err != nil {
		return caller.Caller{}, unavailable(err)
	}
	if given.For != shown.sum(given.Bound) {
		return caller.Caller{}, unauthorized()
	}
	who := given.caller()
	if len(who.Service.Roles) == 0 && !h.Now().Before(who.ExpiresAt) {
		return caller.Caller{}, unauthorized()
	}
	return who, nil
}
