// Package keystone validates tokens at an OpenStack Identity service, API v3.
//
// It asks with a token of its own, for which it logs in by password; without a
// login each token asks about itself, which Keystone lets it do.
package keystone

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/gander-images/gander/shared/identity"
	"github.com/gander-images/gander/shared/problem"
)

// Options are what a Validator needs to know.
type Options struct {
	URL   string // of the Identity service, with or without /v3
	Login *Login // nil: each token asks about itself

	// Transport carries the requests; nil: Transport(nil).
	Transport http.RoundTripper

	Log *slog.Logger     // hears what needs a person; nil: nobody does
	Now func() time.Time // nil: time.Now
}

// A Validator is an identity.Validator. It is safe for concurrent use.
type Validator struct {
	client client
	own    *session // nil: each token asks about itself
	log    *slog.Logger
}

// New returns a Validator. It asks nothing yet: a Keystone that is down at the
// start may come back.
func New(o Options) *Validator {
	if o.Transport == nil {
		o.Transport = Transport(nil)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	v := &Validator{client: newClient(o.URL, o.Transport), log: o.Log}
	if o.Login != nil {
		v.own = &session{client: v.client, login: *o.Login, now: o.Now, log: o.Log}
	}
	return v
}

// Validate implements identity.Validator.
//
// Source: keystonemiddleware/auth_token/_identity.py, verify_token.
func (v *Validator) Validate(ctx context.Context, token string, ask identity.Ask) (identity.Verdict, error) {
	if !sane(token) {
		return identity.Verdict{}, unauthorized()
	}
	verdict, err := v.validate(ctx, token, ask)
	if errors.Is(err, errMayNot) {
		v.log.ErrorContext(ctx, "Keystone lets this service validate no tokens: its user needs the role service", "error", err)
	}
	return verdict, err
}

func (v *Validator) validate(ctx context.Context, token string, ask identity.Ask) (identity.Verdict, error) {
	subject := subject{token: token, expired: ask.Voucher != ""}
	if v.own != nil {
		return v.asService(ctx, subject)
	}
	verdict, err := v.client.verdict(ctx, token, subject)
	if !errors.Is(err, errAsker) {
		return verdict, err
	}
	if ask.Voucher == "" {
		return identity.Verdict{}, unauthorized()
	}
	// A token that has expired, or that its access rules keep from asking, may
	// still be asked about by the service that vouches for the request.
	verdict, err = v.client.verdict(ctx, ask.Voucher, subject)
	if errors.Is(err, errAsker) {
		return identity.Verdict{}, unauthorized()
	}
	return verdict, err
}

// asService asks with the service's own token, and once more with a new one
// when the first is no longer good.
func (v *Validator) asService(ctx context.Context, about subject) (identity.Verdict, error) {
	own, err := v.own.token(ctx, "")
	if err != nil {
		return identity.Verdict{}, err
	}
	verdict, err := v.client.verdict(ctx, own, about)
	if !errors.Is(err, errAsker) {
		return verdict, err
	}
	if own, err = v.own.token(ctx, own); err != nil {
		return identity.Verdict{}, err
	}
	return v.client.verdict(ctx, own, about)
}

// A subject is a token that is asked about.
type subject struct {
	token   string
	expired bool // it may have
}

// Why there is no verdict, besides problem.Unauthorized.
var (
	errAsker  = errors.New("Keystone does not know who asks")
	errMayNot = errors.New("Keystone does not let the asker validate tokens")
)

// verdict asks about a token. The catalogue is worked out and sent for tokens
// with access rules alone: for all others it is Keystone's most expensive part
// of the answer.
func (c client) verdict(ctx context.Context, asker string, about subject) (identity.Verdict, error) {
	token, err := c.show(ctx, asker, about, false)
	if err == nil && token.limited() {
		token, err = c.show(ctx, asker, about, true)
	}
	if err != nil {
		return identity.Verdict{}, err
	}
	return token.verdict()
}

func (c client) show(ctx context.Context, asker string, about subject, catalog bool) (shown, error) {
	query := url.Values{}
	if !catalog {
		query.Set("nocatalog", "1")
	}
	if about.expired {
		query.Set("allow_expired", "1")
	}
	answer, err := c.send(ctx, http.MethodGet, "/auth/tokens?"+query.Encode(), nil, http.Header{
		"X-Auth-Token":    {asker},
		"X-Subject-Token": {about.token},
		// Without it Keystone calls tokens with access rules unknown.
		"Openstack-Identity-Access-Rules": {"1.0"},
	})
	if err != nil {
		return shown{}, err
	}
	switch {
	case answer.status == http.StatusOK:
		return readShown(answer.body)
	case answer.status == http.StatusNotFound && answer.fault():
		return shown{}, unauthorized()
	case answer.status == http.StatusUnauthorized:
		return shown{}, errAsker
	case answer.status == http.StatusForbidden:
		return shown{}, errMayNot
	}
	return shown{}, fmt.Errorf("Keystone answers %d to a question about a token", answer.status)
}

// longest is the longest text, in bytes, that is taken for a token; servers in
// front of Keystone take header lines little longer.
const longest = 8000

// sane is whether text can be a token, and be sent as one.
func sane(text string) bool {
	if text == "" || len(text) > longest {
		return false
	}
	for i := range len(text) {
		if text[i] <= ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

func unauthorized() error {
	return problem.New(problem.Unauthorized, "The request you have made requires authentication.")
}
