package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"github.com/gander-images/gander/shared/key/keytest"
	"github.com/gander-images/gander/shared/table"
	"github.com/gander-images/gander/shared/table/bolt"
	"github.com/gander-images/gander/shared/vault"
	"github.com/gander-images/gander/shared/vault/local"
)

// A loss is power loss among the calls that concern keys.
type loss struct {
	history *history
	dir     string // to make files in
	table   []byte // before the life
	vault   folder // likewise
	chance  *rand.Rand
	owed    []debt
}

// A debt is a key that an answer promised, with its value.
type debt struct {
	id, value   string
	told, until int // the lines between which it must be there
}

// keyCuts makes table and key store as a disk may have them that loses power, after
// each call that changes the key store. The key store must open, and every answered
// key be there with its value; what table and key store say must agree.
func (l *loss) keyCuts(ctx context.Context) (made int, faults []error) {
	l.owed = l.history.debts()
	for _, c := range l.history.calls {
		if !l.history.touchesVault(c) {
			continue
		}
		for _, line := range []int{c.begin + 1, c.end + 1} {
			made++
			if err := l.cut(ctx, line); err != nil {
				faults = append(faults, fmt.Errorf("power lost on line %d, about %s: %w", line, c.name, err))
			}
		}
	}
	return made, faults
}

func (l *loss) cut(ctx context.Context, line int) (err error) {
	dir := filepath.Join(l.dir, "cut")
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := os.MkdirAll(filepath.Join(dir, "vault"), 0o700); err != nil {
		return err
	}
	if err := l.history.vaultDisk(l.vault, line, l.chance).write(filepath.Dir(l.history.vault), dir); err != nil {
		return err
	}
	v, err := local.Open(filepath.Join(dir, "vault"), filepath.Join(dir, "vault.key"), local.NoSync())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, v.Close()) }()
	if len(l.history.answers) == 0 || line <= l.history.answers[0].told {
		return nil
	}
	items, err := l.items(dir, line)
	if err != nil {
		return err
	}
	return errors.Join(agree(ctx, items, v), l.paid(ctx, line, items, v))
}

// items is what the table has.
func (l *loss) items(dir string, line int) (items map[table.Key]table.Item, err error) {
	path := filepath.Join(dir, "table.db")
	if err := os.WriteFile(path, l.history.disk(l.table, line, l.chance), 0o600); err != nil {
		return nil, err
	}
	t, err := bolt.Open(path, bolt.WithoutSync())
	if err != nil {
		return nil, err
	}
	items = map[table.Key]table.Item{}
	err = t.Scan(func(i table.Item) error {
		items[i.Key] = i
		return nil
	})
	return items, errors.Join(err, t.Close())
}

// agree holds the table and the key store against each other.
func agree(ctx context.Context, items map[table.Key]table.Item, v vault.Vault) error {
	secrets := map[vault.Name]vault.Secret{}
	err := v.List(ctx, func(s vault.Secret) error {
		secrets[s.Name] = s
		_, err := v.Describe(ctx, s.Name) // damaged ones are listed, too
		return err
	})
	if err != nil {
		return fmt.Errorf("listing the key store: %w", err)
	}
	if faults := keytest.Faults(items, secrets); len(faults) > 0 {
		return errors.New(strings.Join(faults, "; "))
	}
	return nil
}

// paid wants the value of every key that was promised, in the generation that its
// record names.
func (l *loss) paid(ctx context.Context, line int, items map[table.Key]table.Item, v vault.Vault) error {
	for _, d := range l.owed {
		if line <= d.told || line >= d.until {
			continue
		}
		generation, err := generationOf(items, d.id)
		if err != nil {
			return err
		}
		value, err := v.Get(ctx, vault.Name{Key: d.id, Generation: generation})
		if err != nil || string(value) != d.value {
			return fmt.Errorf("key %s was answered, and is not there: %w", d.id, err)
		}
	}
	return nil
}
