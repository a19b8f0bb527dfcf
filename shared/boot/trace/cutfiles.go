package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"github.com/gander-images/gander/shared/vault"
	"github.com/gander-images/gander/shared/vault/local"
)

// cutFiles reads every beginning of one key's sealed file, as a disk may leave it that
// loses bytes: it must be read as damage, and never as a key that is not there.
func (l *loss) cutFiles(ctx context.Context) (faults []error) {
	l.owed = l.history.debts()
	if len(l.owed) == 0 {
		return []error{errors.New("no answer promised a key")}
	}
	name := vault.Name{Key: l.owed[0].id, Generation: 1}
	dir := filepath.Join(l.dir, "cut")
	defer func() { _ = os.RemoveAll(dir) }() // the folder above goes, too
	if err := l.history.vaultDisk(l.vault, math.MaxInt, l.chance).write(filepath.Dir(l.history.vault), dir); err != nil {
		return []error{err}
	}
	v, err := local.Open(filepath.Join(dir, "vault"), filepath.Join(dir, "vault.key"), local.NoSync())
	if err != nil {
		return []error{err}
	}
	place := filepath.Join(dir, "vault", "kept", fmt.Sprintf("%s.%d", name.Key, name.Generation))
	content, err := os.ReadFile(place) //nolint:gosec // it is our own
	for n := 0; n < len(content) && err == nil; n++ {
		if err = os.WriteFile(place, content[:n], 0o600); err == nil {
			faults = append(faults, damaged(ctx, v, name, n)...)
		}
	}
	if err := errors.Join(err, v.Close()); err != nil {
		faults = append(faults, err)
	}
	return faults
}

// damaged wants the vault not to read a file of which only n bytes are left, and not to
// take the key for one that is gone or scheduled, or that could be made anew.
func damaged(ctx context.Context, v vault.Vault, name vault.Name, n int) (faults []error) {
	_, get := v.Get(ctx, name)
	_, describe := v.Describe(ctx, name)
	for call, err := range map[string]error{"get": get, "describe": describe, "create": v.Create(ctx, name, []byte("x")), "restore": v.Restore(ctx, name)} {
		if !errors.Is(err, vault.ErrDamaged) {
			faults = append(faults, fmt.Errorf("%s, with %d bytes left of the sealed file of key %s: %w", call, n, name.Key, err))
		}
	}
	return faults
}
