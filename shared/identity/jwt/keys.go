package jwt

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const (
	// retryAfter is the shortest time between two fetches, whatever callers show.
	retryAfter = 30 * time.Second

	// longest is how long keys are used without the issuer having confirmed them.
	// An issuer that cannot be reached may have withdrawn them.
	longest = 24 * time.Hour
)

// unknown says that nobody can tell at the moment.
type unknown struct{ cause error }

func (u *unknown) Error() string { return u.cause.Error() }

// A keyring is what one fetch brought.
type keyring struct {
	list []jose.JSONWebKey
	life time.Duration // how long it need not be fetched again
}

// keys are the issuer's, as it last published them. They are fetched when they
// are first needed, when their life is over, and when a token names one that is
// not among them; by one fetch for all who wait.
type keys struct {
	fetch     func(context.Context) (keyring, error)
	log       *slog.Logger
	now       func() time.Time
	withdrawn atomic.Uint64 // how often keys were

	mu      sync.Mutex
	held    keyring
	fetched time.Time // when held was; zero: never
	tried   time.Time // when the last fetch ended
	failure error     // of the last fetch
	flight  chan struct{}
}

var errSignature = errors.New("the signature is by none of the issuer's keys")

// verify checks the token's signature. Errors: *unknown when the keys cannot be
// had; any other, that the signature is not good.
func (k *keys) verify(ctx context.Context, t token) error {
	held, err := k.current(ctx)
	if err != nil {
		return err
	}
	matching := held.matching(t)
	if t.keyID != "" && len(matching) > 0 {
		return t.signedByOne(matching)
	}
	if t.signedByOne(matching) == nil {
		return nil
	}
	newer, err := k.newer(ctx)
	if err != nil {
		return err
	}
	return t.signedByOne(newer.matching(t))
}

// signedByOne holds the signature against each key.
func (t token) signedByOne(list []jose.JSONWebKey) error {
	for _, key := range list {
		if _, err := t.signed.Verify(key.Key); err == nil {
			return nil
		}
	}
	return errSignature
}

// matching are the keys that the token may be signed by: those of its id, if it
// names one, that are made for its algorithm.
func (r keyring) matching(t token) []jose.JSONWebKey {
	var list []jose.JSONWebKey
	for _, key := range r.list {
		if (t.keyID == "" || key.KeyID == t.keyID) && fits(key, t.algorithm) {
			list = append(list, key)
		}
	}
	return list
}

// current are the keys in use. Keys whose life is over are fetched again, and
// stay in use while that fails.
func (k *keys) current(ctx context.Context) (keyring, error) {
	k.mu.Lock()
	due := k.fetched.IsZero() || k.now().Sub(k.fetched) >= k.held.life
	k.mu.Unlock()
	if due {
		if err := k.refresh(ctx); err != nil {
			return keyring{}, err
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.fetched.IsZero():
		return keyring{}, &unknown{k.failure}
	case k.now().Sub(k.fetched) >= longest:
		return keyring{}, &unknown{k.failure}
	}
	return k.held, nil
}

// newer are keys fetched because those in use do not have the one that is
// wanted. Nobody can tell when they cannot be had.
func (k *keys) newer(ctx context.Context) (keyring, error) {
	if err := k.refresh(ctx); err != nil {
		return keyring{}, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.failure != nil {
		return keyring{}, &unknown{k.failure}
	}
	return k.held, nil
}

// refresh fetches, unless that was tried a moment ago, or waits for who does.
// Its error says that ctx ended meanwhile.
func (k *keys) refresh(ctx context.Context) error {
	k.mu.Lock()
	flight := k.flight
	switch {
	case flight != nil:
		k.mu.Unlock()
	case !k.tried.IsZero() && k.now().Sub(k.tried) < retryAfter:
		k.mu.Unlock()
		return nil
	default:
		k.flight = make(chan struct{})
		k.mu.Unlock()
		k.fly(ctx)
		return nil
	}
	select {
	case <-flight:
		return nil
	case <-ctx.Done():
		return &unknown{ctx.Err()}
	}
}

// fly fetches for all who wait.
func (k *keys) fly(ctx context.Context) {
	got, err := keyring{}, errors.New("it broke off")
	defer func() { k.land(ctx, got, err) }()
	got, err = k.fetch(context.WithoutCancel(ctx))
}

func (k *keys) land(ctx context.Context, got keyring, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	close(k.flight)
	k.flight, k.tried, k.failure = nil, k.now(), err
	if err != nil {
		k.log.WarnContext(ctx, "the keys of the tokens' issuer cannot be fetched", "error", err, "held", len(k.held.list))
		return
	}
	if slices.ContainsFunc(k.held.list, func(old jose.JSONWebKey) bool { return !got.has(old) }) {
		k.withdrawn.Add(1)
	}
	k.held, k.fetched = got, k.tried
}

func (r keyring) has(key jose.JSONWebKey) bool {
	return slices.ContainsFunc(r.list, func(other jose.JSONWebKey) bool { return same(key, other) })
}

func same(a, b jose.JSONWebKey) bool {
	left, errLeft := a.MarshalJSON()
	right, errRight := b.MarshalJSON()
	return errLeft == nil && errRight == nil && bytes.Equal(left, right)
}
