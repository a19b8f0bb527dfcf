package local

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/gander-images/gander/shared/vault"
)

// A secret is what a sealed file holds.
type secret struct {
	Value  []byte        `json:"value"`
	Since  time.Duration `json:"since,omitempty"`  // running time when its deletion was scheduled
	Window time.Duration `json:"window,omitempty"` // zero: it is not scheduled
}

func (s secret) scheduled() bool { return s.Window > 0 }

// remains is how much running time is left of the window.
func (s secret) remains(running time.Duration) time.Duration { return s.Since + s.Window - running }

func kept(n vault.Name) string { return path.Join(keptFolder, fileOf(n)) }

func scheduled(n vault.Name) string { return path.Join(scheduledFolder, fileOf(n)) }

// fileOf is how a secret's file is called. Key ids are no secrets.
func fileOf(n vault.Name) string { return n.Key + "." + strconv.Itoa(n.Generation) }

// nameAt reads the name back; ok is false for a file that is none of the vault's.
func nameAt(file string) (n vault.Name, ok bool) {
	key, number, _ := strings.Cut(file, ".")
	generation, err := strconv.Atoi(number)
	n = vault.Name{Key: key, Generation: generation}
	return n, err == nil && vault.CheckName(n) == nil && fileOf(n) == file
}

// find reads a secret, and destroys one whose window is over.
//
// Errors: vault.ErrNotFound, errSealed, the system's.
func (v *Vault) find(n vault.Name) (s secret, err error) {
	place := scheduled(n)
	content, err := v.read(place)
	if errors.Is(err, fs.ErrNotExist) {
		place = kept(n)
		content, err = v.read(place)
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = vault.ErrNotFound
	}
	if err != nil {
		return secret{}, err
	}
	if err := json.Unmarshal(content, &s); err != nil {
		return secret{}, fmt.Errorf("reading a sealed file: %w", err)
	}
	if s.scheduled() && s.remains(v.running()) <= 0 {
		// What is left of it elsewhere goes first: it would be a kept one.
		if err := errors.Join(v.remove(kept(n)), v.remove(place)); err != nil {
			return secret{}, err
		}
		return secret{}, vault.ErrNotFound
	}
	return s, nil
}

// put writes a secret to its place, and then takes it away from the other one.
func (v *Vault) put(n vault.Name, s secret) error {
	place, other := kept(n), scheduled(n)
	if s.scheduled() {
		place, other = other, place
	}
	content, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("sealing a key: %w", err)
	}
	if err := v.write(place, content); err != nil {
		return err
	}
	if err := v.remove(other); err != nil {
		return errUnsynced{err}
	}
	return nil
}

// settled makes the last change of a secret survive power loss, which may have been
// answered with ErrUnknown.
func (v *Vault) settled() error {
	if err := errors.Join(v.syncFolder(keptFolder), v.syncFolder(scheduledFolder)); err != nil {
		return errUnsynced{err}
	}
	return nil
}
