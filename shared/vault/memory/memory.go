// Package memory is a vault that forgets all when its process ends: for tests. It
// does nothing by itself and asks for the time alone, so that the same calls at the
// same times leave the same vault.
package memory

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/gander-images/gander/shared/vault"
)

var _ vault.Vault = (*Vault)(nil)

// A Vault keeps secrets in memory. A scheduled one is gone the moment that its window
// ends.
type Vault struct {
	// Now tells the time. It must not be changed while the vault is in use.
	Now func() time.Time

	mu      sync.Mutex
	secrets map[vault.Name]secret
	epoch   int64
}

// A secret is never changed in place.
type secret struct {
	value  []byte
	goneAt time.Time // zero: not scheduled
}

// New returns an empty vault; nil stands for time.Now.
func New(now func() time.Time) *Vault {
	if now == nil {
		now = time.Now
	}
	return &Vault{Now: now, secrets: make(map[vault.Name]secret)}
}

// Create implements vault.Vault.
func (v *Vault) Create(ctx context.Context, name vault.Name, value []byte) error {
	if err := vault.CheckValue(value); err != nil {
		return err
	}
	defer v.mu.Unlock()
	s, err := v.find(ctx, name)
	switch {
	case err == nil && !s.goneAt.IsZero():
		return vault.ErrScheduled
	case err == nil && !bytes.Equal(s.value, value):
		return vault.ErrExists
	case err == nil || err != vault.ErrNotFound: //nolint:errorlint // it is ours, bare
		return err
	}
	v.secrets[name] = secret{value: bytes.Clone(value)}
	return nil
}

// Get implements vault.Vault.
func (v *Vault) Get(ctx context.Context, name vault.Name) ([]byte, error) {
	defer v.mu.Unlock()
	s, err := v.find(ctx, name)
	if err == nil && !s.goneAt.IsZero() {
		err = vault.ErrScheduled
	}
	if err != nil {
		return nil, err
	}
	return bytes.Clone(s.value), nil
}

// Describe implements vault.Vault.
func (v *Vault) Describe(ctx context.Context, name vault.Name) (vault.Secret, error) {
	defer v.mu.Unlock()
	s, err := v.find(ctx, name)
	if err != nil {
		return vault.Secret{}, err
	}
	return s.describe(name), nil
}

func (s secret) describe(name vault.Name) vault.Secret {
	return vault.Secret{Name: name, Scheduled: !s.goneAt.IsZero(), GoneAt: s.goneAt}
}

// Schedule implements vault.Vault.
func (v *Vault) Schedule(ctx context.Context, name vault.Name, window time.Duration) error {
	if _, err := vault.Days(window); err != nil {
		return err
	}
	defer v.mu.Unlock()
	s, err := v.find(ctx, name)
	if err != nil {
		return err
	}
	if s.goneAt.IsZero() {
		v.secrets[name] = secret{s.value, v.Now().UTC().Add(window)}
	}
	return nil
}

// Restore implements vault.Vault.
func (v *Vault) Restore(ctx context.Context, name vault.Name) error {
	defer v.mu.Unlock()
	s, err := v.find(ctx, name)
	if err != nil {
		return err
	}
	v.secrets[name] = secret{value: s.value}
	return nil
}

// List implements vault.Vault, in the order of names.
func (v *Vault) List(ctx context.Context, visit func(vault.Secret) error) error {
	if err := ready(ctx); err != nil {
		return err
	}
	for _, s := range v.Snapshot().Secrets {
		if err := visit(vault.Secret{Name: s.Name, Scheduled: !s.GoneAt.IsZero(), GoneAt: s.GoneAt}); err != nil {
			return err
		}
	}
	return nil
}

// Epoch implements vault.Vault.
func (v *Vault) Epoch(ctx context.Context) (int64, error) {
	if err := ready(ctx); err != nil {
		return 0, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.epoch, nil
}

// RaiseEpoch implements vault.Vault.
func (v *Vault) RaiseEpoch(ctx context.Context, n int64) error {
	if err := ready(ctx); err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.epoch = max(v.epoch, n)
	return nil
}

// find looks a secret up and leaves the vault locked, whatever it returns.
func (v *Vault) find(ctx context.Context, name vault.Name) (secret, error) {
	v.mu.Lock()
	if err := ready(ctx); err != nil {
		return secret{}, err
	}
	if err := vault.CheckName(name); err != nil {
		return secret{}, err
	}
	s, found := v.secrets[name]
	if found && v.over(s) {
		delete(v.secrets, name)
		found = false
	}
	if !found {
		return secret{}, vault.ErrNotFound
	}
	return s, nil
}

func (v *Vault) over(s secret) bool { return !s.goneAt.IsZero() && !s.goneAt.After(v.Now()) }

// ready refuses a call whose context has ended.
func ready(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%w: %w", vault.ErrBusy, err)
	}
	return nil
}

// A State is all that a vault holds, in the order of names.
type State struct {
	Secrets []Secret
	Epoch   int64
}

// A Secret is one of a State, with its value.
type Secret struct {
	Name   vault.Name
	Value  []byte // the vault's own; nobody may change it
	GoneAt time.Time
}

// Snapshot returns all that the vault holds now.
func (v *Vault) Snapshot() State {
	v.mu.Lock()
	defer v.mu.Unlock()
	state := State{Epoch: v.epoch}
	for name, s := range v.secrets {
		if !v.over(s) {
			state.Secrets = append(state.Secrets, Secret{name, s.value, s.goneAt})
		}
	}
	slices.SortFunc(state.Secrets, func(a, b Secret) int {
		return cmp.Or(cmp.Compare(a.Name.Key, b.Name.Key), cmp.Compare(a.Name.Generation, b.Name.Generation))
	})
	return state
}

// Load makes the vault hold a state, and nothing else.
func (v *Vault) Load(state State) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.secrets, v.epoch = make(map[vault.Name]secret, len(state.Secrets)), state.Epoch
	for _, s := range state.Secrets {
		v.secrets[s.Name] = secret{s.Value, s.GoneAt}
	}
}
