// Package jwt takes the tokens of an OpenID Connect or OAuth 2 issuer: JSON Web
// Tokens, signed with keys that the issuer publishes. Who a token stands for is
// read from its claims, by a Mapping.
//
// A token is good when its form, its signature, its issuer, its audience and its
// times are; nothing in it chooses how it is checked, but which of the issuer's
// keys. Nobody but the issuer is asked, and the issuer only for its keys, so a
// token that was revoked works until it expires.
//
// Source: RFC 7515, RFC 7517, RFC 7519, RFC 8725, RFC 9068; OpenID Connect
// Discovery 1.0.
package jwt

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/gander-images/gander/shared/identity"
	"github.com/gander-images/gander/shared/problem"
)

// Options say whose tokens are taken.
type Options struct {
	// Issuer is what the claim iss must be, to the letter. CheckIssuer says
	// which are taken.
	Issuer string

	// KeysURL is where the issuer publishes its keys, as a JWK set. Empty: the
	// issuer's own configuration tells.
	KeysURL string

	// Audience are the names of this service: aud must have one of them.
	Audience []string

	// Mapping reads callers from claims; nil: DefaultMapping.
	Mapping *Mapping

	Client *http.Client // fetches keys; nil: one that follows no redirects
	Log    *slog.Logger // at debug, why tokens are refused; nil: nothing is logged
	Now    func() time.Time
}

// A Validator checks tokens. It is safe for concurrent use.
type Validator struct {
	issuer   string
	audience map[string]bool
	mapping  *Mapping
	keys     *keys
	log      *slog.Logger
	now      func() time.Time
}

var _ interface {
	identity.Validator
	identity.Versioned
} = (*Validator)(nil)

// New returns a Validator. It asks nobody: keys are fetched for the first token.
func New(o Options) (*Validator, error) {
	if err := CheckIssuer(o.Issuer); err != nil {
		return nil, err
	}
	if len(o.Audience) == 0 {
		return nil, errors.New("no audience is given")
	}
	from := fetcher{issuer: o.Issuer, keysURL: o.KeysURL, client: o.Client}
	if from.client == nil {
		from.client = newClient()
	}
	if o.Mapping == nil {
		o.Mapping = DefaultMapping()
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	v := &Validator{
		issuer: o.Issuer, audience: map[string]bool{}, mapping: o.Mapping,
		keys: &keys{fetch: from.fetch, log: o.Log, now: o.Now}, log: o.Log, now: o.Now,
	}
	for _, name := range o.Audience {
		v.audience[name] = true
	}
	return v, nil
}

// Validate implements identity.Validator. A voucher changes nothing: the issuer
// said when the token ends.
//
// What can be told wrong without keys is refused before they are fetched, so
// that not everybody can have them fetched.
func (v *Validator) Validate(ctx context.Context, token string, _ identity.Ask) (identity.Verdict, error) {
	verdict, err := v.validate(ctx, token)
	var nobody *unknown
	switch {
	case err == nil:
		return verdict, nil
	case errors.As(err, &nobody):
		return identity.Verdict{}, fmt.Errorf("the issuer's keys: %w", nobody.cause)
	}
	v.log.DebugContext(ctx, "a token was refused", "reason", err.Error())
	return identity.Verdict{}, problem.Because(err, problem.Unauthorized, "The request you have made requires authentication.")
}

func (v *Validator) validate(ctx context.Context, token string) (identity.Verdict, error) {
	t, err := parse(token)
	if err != nil {
		return identity.Verdict{}, err
	}
	expires, err := v.check(t.claims)
	if err != nil {
		return identity.Verdict{}, err
	}
	who, err := v.mapping.caller(t.claims)
	if err != nil {
		return identity.Verdict{}, err
	}
	if err := v.keys.verify(ctx, t); err != nil {
		return identity.Verdict{}, err
	}
	who.ExpiresAt = expires
	return identity.Verdict{Caller: who}, nil
}

// Version implements identity.Versioned: it changes when the issuer withdraws a
// key, so that the tokens it signed are checked anew.
func (v *Validator) Version() uint64 { return v.keys.withdrawn.Load() }
