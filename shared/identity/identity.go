// Package identity turns tokens into callers.
//
// A Validator asks whoever issues the tokens; the Front stands before it,
// remembers answers for a short while, and adds the service that vouches for a
// request. Validators: package development; others join it here.
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

// A Validator answers for one token, without remembering.
type Validator interface {
	// Validate returns who the token stands for. The answer's ExpiresAt is set
	// and in the future. Errors: problem.Unauthorized when the token is not,
	// or no longer, valid; any other error means that nobody could tell.
	Validate(ctx context.Context, token string) (caller.Caller, error)
}

// A Versioned validator knows when tokens it has called valid may no longer be
// so: Version then returns another number, and the Front asks anew.
type Versioned interface {
	Version() uint64
}

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

	Now func() time.Time
}

// Credentials are what a request shows of who sends it, and what it is about:
// some tokens are good for some calls alone.
type Credentials struct {
	Token        string
	ServiceToken string // of a service that vouches for the request; empty: none
	Method       string
	Path         string // as the API documents it, without what a gateway put in front
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
	if options.Now == nil {
		options.Now = time.Now
	}
	return &Front{validator: validator, options: options, cache: newCache(options.Size)}
}

// Authenticate returns the caller that the token stands for, with its roles in
// lower case. A service token that is empty, not valid, or without a service
// role is ignored; the roles of a good one stay apart from the caller's and
// keep their case.
//
// Errors: problem.Unauthorized; problem.Unavailable when nobody could tell.
//
// Source: keystonemiddleware auth_token with delay_auth_decision, and
// glance/api/middleware/context.py.
func (f *Front) Authenticate(ctx context.Context, shown Credentials) (caller.Caller, error) {
	who, err := f.validate(ctx, shown.Token)
	if err != nil {
		return caller.Caller{}, err
	}
	for i, role := range who.Roles {
		who.Roles[i] = strings.ToLower(role)
	}
	if strings.TrimSpace(shown.ServiceToken) == "" {
		return who, nil
	}
	vouching, err := f.validate(ctx, shown.ServiceToken)
	if err == nil && f.isService(vouching.Roles) {
		who.Service = caller.Service{
			UserID: vouching.UserID, UserDomainID: vouching.UserDomainID,
			ProjectID: vouching.ProjectID, ProjectDomainID: vouching.ProjectDomainID,
			Roles: vouching.Roles,
		}
	}
	return who, nil
}

func (f *Front) isService(roles []string) bool {
	return slices.ContainsFunc(roles, func(role string) bool {
		return slices.Contains(f.options.ServiceRoles, role)
	})
}

// validate answers from the cache or, once for all who wait for the same
// token, from the validator. The caller owns the answer's slices.
func (f *Front) validate(ctx context.Context, token string) (caller.Caller, error) {
	token = strings.TrimSpace(token)
	if token == "" {
		return caller.Caller{}, unauthorized()
	}
	version := f.version()
	key := keyOf(token)
	who, found := f.cache.get(key, version, f.options.Now())
	if !found {
		var err error
		if who, err = f.ask(ctx, key, version, token); err != nil {
			return caller.Caller{}, err
		}
	}
	who.Roles = slices.Clone(who.Roles)
	return who, nil
}

func (f *Front) version() uint64 {
	if versioned, ok := f.validator.(Versioned); ok {
		return versioned.Version()
	}
	return 0
}

// ask shares one validation between all who want it. It outlives the request
// that began it, since the others still wait; each waits no longer than its
// own context allows.
func (f *Front) ask(ctx context.Context, key key, version uint64, token string) (caller.Caller, error) {
	flight := fmt.Sprintf("%x/%d", key, version)
	answers := f.flights.DoChan(flight, func() (any, error) {
		shared, cancel := context.WithTimeout(context.WithoutCancel(ctx), f.options.Timeout)
		defer cancel()
		return f.remember(shared, key, version, token)
	})
	select {
	case <-ctx.Done():
		return caller.Caller{}, unavailable(ctx.Err())
	case answer := <-answers:
		if answer.Err != nil {
			return caller.Caller{}, answer.Err
		}
		return answer.Val.(caller.Caller), nil
	}
}

func (f *Front) remember(ctx context.Context, key key, version uint64, token string) (who caller.Caller, err error) {
	defer func() {
		if broken := recover(); broken != nil { // in a goroutine of its own: it would end the process
			who, err = caller.Caller{}, unavailable(panicked(broken))
		}
	}()
	who, err = f.validator.Validate(ctx, token)
	switch {
	case problem.Is(err, problem.Unauthorized):
		return caller.Caller{}, err
	case err != nil:
		return caller.Caller{}, unavailable(err)
	}
	now := f.options.Now()
	if !now.Before(who.ExpiresAt) {
		return caller.Caller{}, unauthorized()
	}
	until := now.Add(f.options.Life)
	if who.ExpiresAt.Before(until) {
		until = who.ExpiresAt
	}
	f.cache.put(key, entry{who: who, version: version, until: until})
	return who, nil
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
