// Package identity turns tokens into callers.
//
// A Validator asks whoever issues the tokens; the Front stands before it,
// remembers answers for a short while, and adds the service that vouches for a
// request. Validators: the packages development, keystone and jwt.
package identity

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/problem"
)

// Options are the Front's settings. Zero fields get the defaults.
type Options struct {
	// Life is the longest time for which an answer is remembered; 300 s.
	// A token's own expiry is checked on every use besides.
	//
	// Source: keystonemiddleware, token_cache_time.
	Life time.Duration

	// Size is the largest number of remembered answers; 10,000.
	Size int

	// Timeout ends a validation that got no answer; 15 s.
	Timeout time.Duration

	// ServiceRoles are those that make a service token one; "service".
	//
	// Source: keystonemiddleware, service_token_roles.
	ServiceRoles []string

	// ServiceType is what this service is called in catalogues and in the
	// access rules of application credentials; "image".
	ServiceType string

	Now func() time.Time
}

// Credentials are what a request shows of who sends it, and what it is about:
// some tokens are good for some calls alone.
type Credentials struct {
	Token        string
	ServiceToken string // of a service that vouches for the request; empty: none
	Method       string
	Path         string // decoded, as it is routed: without what a gateway put in front, the version in its own name
}

// A Front authenticates requests. It is safe for concurrent use.
type Front struct {
	validator Validator
	options   Options
	cache     *cache
	flights   singleflight.Group
}

// New returns a Front before validator.
func New(validator Validator, options Options) *Front {
	if options.Life <= 0 {
		options.Life = 300 * time.Second
	}
	if options.Size <= 0 {
		options.Size = 10_000
	}
	if options.Timeout <= 0 {
		options.Timeout = 15 * time.Second
	}
	if len(options.ServiceRoles) == 0 {
		options.ServiceRoles = []string{"service"}
	}
	if options.ServiceType == "" {
		options.ServiceType = "image"
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	return &Front{validator: validator, options: options, cache: newCache(options.Size)}
}

// Authenticate returns the caller that the token stands for, with its roles in
// lower case. A service token that is empty, not valid, or without a service
// role is ignored; the roles of a good one stay apart from the caller's and
// keep their case. A good one also lets an expired token pass, and a token
// whose access rules do not name the call.
//
// Errors: problem.Unauthorized; problem.Unavailable when nobody could tell.
//
// Source: keystonemiddleware auth_token with delay_auth_decision, and
// glance/api/middleware/context.py.
func (f *Front) Authenticate(ctx context.Context, shown Credentials) (caller.Caller, error) {
	who, _, err := f.authenticate(ctx, shown)
	return who, err
}

// authenticate also tells whether the token is good for some calls alone.
func (f *Front) authenticate(ctx context.Context, shown Credentials) (_ caller.Caller, bound bool, err error) {
	service, ask, err := f.voucher(ctx, strings.TrimSpace(shown.ServiceToken))
	if err != nil {
		return caller.Caller{}, false, err
	}
	verdict, err := f.validate(ctx, strings.TrimSpace(shown.Token), ask)
	if err != nil {
		return caller.Caller{}, false, err
	}
	if !verdict.allows(f.options.ServiceType, shown, ask.Voucher != "") {
		return caller.Caller{}, false, unauthorized()
	}
	who := verdict.Caller
	roles := make([]string, len(who.Roles)) // the cache keeps its own
	for i, role := range who.Roles {
		roles[i] = strings.ToLower(role)
	}
	who.Roles, who.Service = roles, service
	return who, verdict.AccessRules != nil, nil
}

// voucher is the service that token vouches by, if it is a service's, and what
// that adds to the question about the user's token.
func (f *Front) voucher(ctx context.Context, token string) (caller.Service, Ask, error) {
	if token == "" {
		return caller.Service{}, Ask{}, nil
	}
	verdict, err := f.validate(ctx, token, Ask{})
	switch who := verdict.Caller; {
	case problem.Is(err, problem.Unauthorized):
		return caller.Service{}, Ask{}, nil
	case err != nil:
		return caller.Service{}, Ask{}, err
	case !f.isService(who.Roles):
		return caller.Service{}, Ask{}, nil
	default:
		return caller.Service{
			UserID: who.UserID, UserDomainID: who.UserDomainID,
			ProjectID: who.ProjectID, ProjectDomainID: who.ProjectDomainID,
			Roles: slices.Clone(who.Roles),
		}, Ask{Voucher: token}, nil
	}
}

func (f *Front) isService(roles []string) bool {
	return slices.ContainsFunc(roles, func(role string) bool {
		return slices.Contains(f.options.ServiceRoles, role)
	})
}

// validate answers from the cache or, once for all who wait for the same
// answer, from the validator. The verdict's slices are shared.
func (f *Front) validate(ctx context.Context, token string, ask Ask) (Verdict, error) {
	if !plausible(token) {
		return Verdict{}, unauthorized()
	}
	version := f.version()
	key := keyOf(token)
	now := f.options.Now()
	verdict, found := f.cache.get(key, version, now)
	if !found {
		var err error
		if verdict, err = f.ask(ctx, question{token: token, ask: ask, key: key, version: version}); err != nil {
			return Verdict{}, err
		}
	}
	if ask.Voucher == "" && !now.Before(verdict.Caller.ExpiresAt) {
		return Verdict{}, unauthorized() // remembered from a request that a service vouched for
	}
	return verdict, nil
}

// maxToken is the longest text, in bytes, that anybody is asked about. Keystone's
// tokens have at most some hundred, those of others at most some thousand.
const maxToken = 16 << 10

// plausible keeps from validators, and from those whom they ask, what no issuer
// makes: text of other characters, and several tokens that something on the way
// put into one header.
func plausible(token string) bool {
	return token != "" && len(token) <= maxToken && !strings.ContainsFunc(token, func(c rune) bool {
		return c <= ' ' || c >= 0x7f || c == ','
	})
}

func (f *Front) version() uint64 {
	if versioned, ok := f.validator.(Versioned); ok {
		return versioned.Version()
	}
	return 0
}

// A question is what the validator is about to be asked.
type question struct {
	token   string
	ask     Ask
	key     key
	version uint64
}

// flight names the question, without its tokens. With another voucher it is
// another: the validator may use it.
func (q question) flight() string {
	if q.ask.Voucher == "" {
		return fmt.Sprintf("%x/%d", q.key, q.version)
	}
	return fmt.Sprintf("%x/%d/%x", q.key, q.version, keyOf(q.ask.Voucher))
}

// ask shares one validation between all who want it. It outlives the request
// that began it, since the others still wait; each waits no longer than its
// own context allows.
func (f *Front) ask(ctx context.Context, q question) (Verdict, error) {
	answers := f.flights.DoChan(q.flight(), func() (any, error) {
		shared, cancel := context.WithTimeout(context.WithoutCancel(ctx), f.options.Timeout)
		defer cancel()
		return f.remember(shared, q)
	})
	select {
	case <-ctx.Done():
		return Verdict{}, unavailable(ctx.Err())
	case answer := <-answers:
		if answer.Err != nil {
			return Verdict{}, answer.Err
		}
		return answer.Val.(Verdict), nil
	}
}

// maxRules is how many access rules a token may have to be remembered: their
// number is their user's choice, and the memory ours.
const maxRules = 100

func (f *Front) remember(ctx context.Context, q question) (verdict Verdict, err error) {
	defer func() {
		if broken := recover(); broken != nil { // in a goroutine of its own: it would end the process
			verdict, err = Verdict{}, unavailable(panicked(broken))
		}
	}()
	verdict, err = f.validator.Validate(ctx, q.token, q.ask)
	switch {
	case problem.Is(err, problem.Unauthorized):
		return Verdict{}, err
	case err != nil:
		return Verdict{}, unavailable(err)
	}
	now, expires := f.options.Now(), verdict.Caller.ExpiresAt
	expired := !now.Before(expires)
	if expired && q.ask.Voucher == "" {
		return Verdict{}, unauthorized()
	}
	until := now.Add(f.options.Life)
	if !expired && expires.Before(until) {
		until = expires // then the issuer is asked again, and whether it may go on
	}
	if len(verdict.AccessRules) <= maxRules {
		f.cache.put(q.key, entry{verdict: verdict, version: q.version, until: until})
	}
	return verdict, nil
}

// panicked tells what broke, without values: a token may be among them.
func panicked(broken any) error {
	if fault, ok := broken.(runtime.Error); ok {
		return fmt.Errorf("validator panicked: %w", fault)
	}
	return fmt.Errorf("validator panicked with a %T", broken)
}

func unauthorized() error {
	return problem.New(problem.Unauthorized, "The request you have made requires authentication.")
}

func unavailable(cause error) error {
	if problem.Is(cause, problem.Unavailable) {
		return cause
	}
	return problem.Because(cause, problem.Unavailable, "Tokens cannot be checked at the moment; try again later.")
}
