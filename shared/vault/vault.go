// Package vault is the key port: secrets that are made once, read, and removed
// only after a recovery window. Adapters live in the folders below and pass
// vaulttest.Run.
package vault

import (
	"context"
	"time"

	"github.com/gander-images/gander/shared/problem"
)

// Limits that every adapter enforces alike.
//
// Source: AWS Secrets Manager User Guide, "AWS Secrets Manager quotas", and its
// API Reference, DeleteSecret.
const (
	MaxValueBytes = 64 << 10 // bytes of one value
	MinWindow     = 7 * 24 * time.Hour
	MaxWindow     = 30 * 24 * time.Hour
)

// Errors that adapters share. Compare with errors.Is.
var (
	// ErrInvalid marks a call that breaks the port's rules: a name that is none,
	// a value that is empty or too large, a window that is no whole number of days
	// from 7 to 30. Nothing happened.
	ErrInvalid = problem.New(problem.Internal, "vault: invalid call")

	// ErrNotFound says that there is no such secret, or no longer.
	ErrNotFound = problem.New(problem.NotFound, "The key is not in the key store.")

	// ErrDamaged says that the store has the secret and cannot read it: it was changed
	// past the store. Nothing of that makes a call about another secret fail.
	ErrDamaged = problem.New(problem.Unavailable, "The key store cannot read the key.")

	// ErrExists says that the name is taken, by another value.
	ErrExists = problem.New(problem.Conflict, "The key store has another key of this name.")

	// ErrScheduled says that the secret awaits its deletion: it cannot be read or
	// made, only restored.
	ErrScheduled = problem.New(problem.Conflict, "The key is scheduled for deletion.")

	// ErrBusy says that nothing happened: the store is throttling or out of reach.
	ErrBusy = problem.New(problem.Unavailable, "The key store is not available. Try again.")

	// ErrUnknown says that the call may have happened or not, or may still happen.
	ErrUnknown = problem.New(problem.Unavailable, "The key store did not answer. The change may or may not have been made.")
)

// A Name is one generation of one key. The adapter knows the deployment, so that
// several can share a store and none meets another's secrets.
type Name struct {
	Key        string // 1 to 64 of [a-z0-9-]
	Generation int    // from 1 on
}

// A Secret is what the vault tells of a secret, never its value.
type Secret struct {
	Name      Name
	Scheduled bool
	// GoneAt is from when on a scheduled secret may be gone for good; how long it
	// really stays is the vault's to decide.
	GoneAt time.Time
}

// A Vault keeps secrets. Every implementation passes vaulttest.Run, and may be
// used from any number of goroutines. Values and names never get into an error
// or a log. Whoever calls a Vault must reckon with a call that arrives minutes
// after it was given up, arrives twice, or happened though it was said to fail.
type Vault interface {
	// Create makes a secret. Making it again with the same value is success.
	// Errors: ErrInvalid, ErrExists, ErrScheduled, ErrBusy, ErrUnknown.
	Create(ctx context.Context, name Name, value []byte) error

	// Get returns the value. Errors: ErrNotFound, ErrDamaged, ErrScheduled, ErrBusy.
	Get(ctx context.Context, name Name) ([]byte, error)

	// Describe tells how the secret stands. Errors: ErrNotFound, ErrDamaged, ErrBusy.
	Describe(ctx context.Context, name Name) (Secret, error)

	// Schedule has the secret deleted once the window, a whole number of days, has
	// passed. Until then Restore brings it back. One that is scheduled already
	// keeps its time. Errors: ErrInvalid, ErrNotFound, ErrBusy, ErrUnknown.
	Schedule(ctx context.Context, name Name, window time.Duration) error

	// Restore takes back a scheduled deletion; of a secret that is not scheduled it
	// is success. Errors: ErrNotFound, ErrBusy, ErrUnknown.
	Restore(ctx context.Context, name Name) error

	// List calls visit for every secret of the deployment, scheduled ones too, in
	// no promised order, until visit fails. What is made or goes meanwhile may be
	// visited or not. When a scheduled one goes is Describe's to tell: here GoneAt may
	// be when its deletion was asked for.
	// Source: AWS Secrets Manager API Reference, SecretListEntry, DeletedDate.
	List(ctx context.Context, visit func(Secret) error) error

	// Epoch returns the number that RaiseEpoch left; 0 where it was never called.
	// Errors: ErrBusy.
	Epoch(ctx context.Context) (int64, error)

	// RaiseEpoch keeps the number n with the secrets. It never lowers what is there.
	// Errors: ErrBusy, ErrUnknown.
	RaiseEpoch(ctx context.Context, n int64) error
}
