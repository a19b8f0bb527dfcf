package httpapi

import (
	"context"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/key"
	keyorder "github.com/gander-images/gander/shared/key/order"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
)

// A secretAccess is a secret that somebody asks for, and what policy may read about
// it.
type secretAccess struct {
	*key.Secret
	target policy.Target
}

// secret returns the request's secret, whoever asks; expired ones too.
func (s *Services) secret(ctx context.Context, r *Request) (secretAccess, error) {
	secret, err := s.Keys.Secret(ctx, r.Params["secret_id"])
	if err != nil {
		return secretAccess{}, err
	}
	target, err := s.secretTarget(ctx, r.Caller, secret)
	return secretAccess{secret, target}, err
}

// allowed returns the request's secret, an expired one too, and the grant of a rule
// about it.
func (s *Services) allowed(ctx context.Context, r *Request, rule policy.Rule) (secret secretAccess, grant policy.Grant, err error) {
	if secret, err = s.secret(ctx, r); err != nil {
		return secret, grant, err
	}
	grant, err = s.authorizeSecret(rule, r.Caller, secret.target)
	return secret, grant, err
}

// readable returns the request's secret and the grant of a rule about it. One whose
// time is over is not there.
func (s *Services) readable(ctx context.Context, r *Request, rule policy.Rule) (secret secretAccess, grant policy.Grant, err error) {
	secret, err = s.secret(ctx, r)
	if err != nil {
		return secret, grant, err
	}
	if s.Keys.Expired(secret.Secret) {
		return secret, grant, key.ErrNotFound
	}
	grant, err = s.authorizeSecret(rule, r.Caller, secret.target)
	return secret, grant, err
}

// secretTarget is what policy may read about a secret when c acts on it.
func (s *Services) secretTarget(ctx context.Context, c caller.Caller, secret *key.Secret) (policy.Target, error) {
	reads, err := s.readsKey(ctx, c, secret.Record)
	return key.SecretTarget(secret, c, reads), err
}

// readsKey reports whether the caller's project reads the key by way of a shared
// image.
func (s *Services) readsKey(ctx context.Context, c caller.Caller, r *key.Record) (bool, error) {
	if c.ProjectID == r.Owner {
		return false, nil // it needs no image for that
	}
	return s.Images.ReadsKey(ctx, c.ProjectID, r)
}

// authorizeSecret asks policy about a stored secret. Who may not even see it is told
// that there is none, in the words of a secret that never was.
func (s *Services) authorizeSecret(rule policy.Rule, c caller.Caller, t policy.Target) (policy.Grant, error) {
	grant, denied := s.Policy.Authorize(rule, c, t)
	if !problem.Is(denied, problem.Forbidden) {
		return grant, denied
	}
	sees, err := s.Policy.Decide(policy.SecretGet, c, t)
	switch {
	case err != nil:
		return policy.Grant{}, err
	case !sees:
		return policy.Grant{}, problem.Because(denied, problem.NotFound, "%s", notFoundText)
	}
	return policy.Grant{}, denied
}

// What callers read of what is not there.
var (
	notFoundText      = textOf(key.ErrNotFound)
	orderNotFoundText = textOf(keyorder.ErrNotFound)
)

func textOf(err error) string {
	_, text := problem.Status(err)
	return text
}
