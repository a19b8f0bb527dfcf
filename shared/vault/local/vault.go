// Package local keeps secrets as sealed files below one folder of the machine that
// serves the API. The key that seals them is in a file of its own, so that whoever
// comes upon the folder, or a copy of it, has nothing.
//
// A secret that is scheduled is destroyed once the vault has been open for its window,
// all processes together. One process at a time may have the folder open; seeing to
// that is the caller's.
package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/gander-images/gander/shared/vault"
)

var _ vault.Vault = (*Vault)(nil)

// A Vault keeps secrets below one folder.
type Vault struct {
	mu      sync.RWMutex
	root    *os.Root
	seal    seal
	state   state
	since   time.Duration // elapsed when the state was kept
	elapsed func() time.Duration
	log     *slog.Logger

	ticks   bool
	done    chan struct{}
	working sync.WaitGroup
	ending  sync.Once

	// flush makes a file, or the names in a folder, survive power loss.
	flush func(*os.File) error

	// step, where a test sets it, is called before every step that changes what is
	// on disk, and can make it fail or end the process.
	step func(name string) error
}

// An Option changes how a vault is opened.
type Option func(*Vault)

// WithLog sets where the vault tells what no caller is told. The default is
// slog.Default.
func WithLog(log *slog.Logger) Option { return func(v *Vault) { v.log = log } }

// WithElapsed sets what tells the time since some moment before Open, which never goes
// backward. The vault then does nothing by itself. For tests.
func WithElapsed(elapsed func() time.Duration) Option {
	return func(v *Vault) { v.elapsed, v.ticks = elapsed, false }
}

// NoSync leaves out every wait for the disk: secrets survive the end of the process,
// not power loss. For tests.
func NoSync() Option {
	return func(v *Vault) { v.flush = func(*os.File) error { return nil } }
}

// Create implements vault.Vault.
func (v *Vault) Create(ctx context.Context, name vault.Name, value []byte) error {
	if err := errors.Join(vault.CheckName(name), vault.CheckValue(value), ready(ctx)); err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	s, err := v.find(name)
	switch {
	case errors.Is(err, vault.ErrNotFound):
		return told(v.put(name, secret{Value: value}))
	case err != nil:
		return told(err)
	case s.scheduled():
		return vault.ErrScheduled
	case !bytes.Equal(s.Value, value):
		return vault.ErrExists
	}
	return told(v.settled())
}

// Get implements vault.Vault.
func (v *Vault) Get(ctx context.Context, name vault.Name) ([]byte, error) {
	s, err := v.peek(ctx, name)
	if err == nil && s.scheduled() {
		return nil, vault.ErrScheduled
	}
	return s.Value, err
}

// Describe implements vault.Vault. GoneAt is when the window ends if the vault stays
// open until then.
func (v *Vault) Describe(ctx context.Context, name vault.Name) (vault.Secret, error) {
	s, err := v.peek(ctx, name)
	if err != nil {
		return vault.Secret{}, err
	}
	v.mu.RLock() // the running time is the state's
	defer v.mu.RUnlock()
	return v.describe(name, s), nil
}

func (v *Vault) peek(ctx context.Context, name vault.Name) (secret, error) {
	if err := errors.Join(vault.CheckName(name), ready(ctx)); err != nil {
		return secret{}, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	s, err := v.find(name)
	return s, told(err)
}

func (v *Vault) describe(name vault.Name, s secret) vault.Secret {
	d := vault.Secret{Name: name, Scheduled: s.scheduled()}
	if d.Scheduled {
		d.GoneAt = time.Now().Add(s.remains(v.running())).UTC()
	}
	return d
}

// Schedule implements vault.Vault.
func (v *Vault) Schedule(ctx context.Context, name vault.Name, window time.Duration) error {
	_, err := vault.Days(window)
	if err := errors.Join(vault.CheckName(name), err, ready(ctx)); err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	s, err := v.find(name)
	if err != nil {
		return told(err)
	}
	if s.scheduled() {
		return told(v.settled())
	}
	s.Since, s.Window = v.running(), window
	return told(v.put(name, s))
}

// Restore implements vault.Vault.
func (v *Vault) Restore(ctx context.Context, name vault.Name) error {
	if err := errors.Join(vault.CheckName(name), ready(ctx)); err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	s, err := v.find(name)
	if err != nil {
		return told(err)
	}
	if !s.scheduled() {
		return told(v.settled())
	}
	return told(v.put(name, secret{Value: s.Value}))
}

// List implements vault.Vault.
func (v *Vault) List(ctx context.Context, visit func(vault.Secret) error) error {
	if err := ready(ctx); err != nil {
		return err
	}
	for _, folder := range []string{keptFolder, scheduledFolder} {
		files, err := v.names(folder)
		if err != nil {
			return told(err)
		}
		for _, file := range files {
			name, ok := nameAt(file)
			if !ok {
				continue
			}
			s, err := v.listed(ctx, name)
			switch {
			case errors.Is(err, vault.ErrNotFound): // it went meanwhile
				continue
			case err != nil:
				return err
			case s.Scheduled != (folder == scheduledFolder):
				continue // the other folder's
			}
			if err := visit(s); err != nil {
				return err
			}
		}
	}
	return nil
}

// listed is what the list has of a secret. Where one that cannot be read stands is known
// all the same.
func (v *Vault) listed(ctx context.Context, name vault.Name) (vault.Secret, error) {
	s, err := v.Describe(ctx, name)
	if !errors.Is(err, vault.ErrDamaged) {
		return s, err
	}
	isScheduled, err := v.has(scheduled(name))
	return vault.Secret{Name: name, Scheduled: isScheduled}, told(err)
}

// Epoch implements vault.Vault.
func (v *Vault) Epoch(ctx context.Context) (int64, error) {
	if err := ready(ctx); err != nil {
		return 0, err
	}
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.state.Epoch, nil
}

// RaiseEpoch implements vault.Vault.
func (v *Vault) RaiseEpoch(ctx context.Context, n int64) error {
	if err := ready(ctx); err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	next := v.state
	next.Epoch = max(next.Epoch, n)
	return told(v.keep(next))
}

// ready refuses a call whose context has ended.
func ready(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%w: %w", vault.ErrBusy, err)
	}
	return nil
}

// told turns an error into the port's.
func told(err error) error {
	var unsynced errUnsynced
	switch {
	case err == nil || errors.Is(err, vault.ErrNotFound):
		return err
	case errors.Is(err, errSealed):
		return fmt.Errorf("%w: %w", vault.ErrDamaged, err)
	case errors.As(err, &unsynced):
		return fmt.Errorf("%w: %w", vault.ErrUnknown, nameless(err))
	}
	return fmt.Errorf("%w: %w", vault.ErrBusy, nameless(err))
}
