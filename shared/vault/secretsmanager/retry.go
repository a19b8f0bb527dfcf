package secretsmanager

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/gander-images/gander/shared/awsfailure"
	"github.com/gander-images/gander/shared/vault"
)

// Pauses between attempts: random, up to a bound that doubles.
const (
	firstPause = 50 * time.Millisecond
	mostPause  = 800 * time.Millisecond
)

// leastAttempt is the time that an attempt gets at least, as far as the context has any.
const leastAttempt = 500 * time.Millisecond

// An attempt is one request on its way.
type attempt struct{ sent bool }

// do makes attempts until one succeeds, one shows that more are of no use, or the time
// is over. It returns the port's errors, or errState. An attempt of a write that was
// not answered may have happened; a later answer to the same request settles it.
func (v *Vault) do(ctx context.Context, name string, write bool, call func(context.Context) error) error {
	deadline := time.Now().Add(v.patience)
	if d, ok := ctx.Deadline(); ok && d.Before(deadline) {
		deadline = d
	}
	each := max(time.Until(deadline)/3, leastAttempt)
	unsure := false
	for pause := firstPause; ; pause = min(2*pause, mostPause) {
		var a attempt
		err := ctx.Err()
		if err == nil {
			err = once(ctx, each, &a, call)
		}
		if err == nil {
			return nil
		}
		v := a.judge(err)
		unsure = unsure || write && v == unknown
		if v.settles() {
			return v.told(write, name, err)
		}
		if v == final || !rest(ctx, deadline, pause) {
			if unsure {
				v = unknown
			}
			return v.told(write, name, err)
		}
	}
}

func once(ctx context.Context, each time.Duration, a *attempt, call func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(awsfailure.Watched(ctx, &a.sent), each)
	defer cancel()
	return call(ctx)
}

// rest pauses before the next attempt; false: there is no time for one.
func rest(ctx context.Context, deadline time.Time, bound time.Duration) bool {
	pause := rand.N(bound) //nolint:gosec // no secret
	if ctx.Err() != nil || time.Until(deadline) < pause+firstPause {
		return false
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// told is the last word of a call whose last attempt failed so.
func (v verdict) told(write bool, name string, err error) error {
	kind := vault.ErrBusy
	switch {
	case v == missing:
		return vault.ErrNotFound
	case v == taken:
		return vault.ErrExists
	case v == state:
		kind = errState
	case v == unknown && write:
		kind = vault.ErrUnknown
	}
	return fmt.Errorf("%w: %w", kind, &cause{name, err})
}
