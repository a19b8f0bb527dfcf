package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gander-images/gander/shared/key/keytest"
	"github.com/gander-images/gander/shared/table"
	"github.com/gander-images/gander/shared/table/bolt"
	"github.com/gander-images/gander/shared/vault"
	"github.com/gander-images/gander/shared/vault/local"
)

// lookInside holds the table and the key store that a kill left against each other,
// before anybody settles anything: in a copy, for opening them changes them.
func (l *load) lookInside(ctx context.Context) {
	faults, err := lookInside(ctx, l.data)
	if err != nil {
		faults = append(faults, err.Error())
	}
	for _, f := range faults {
		l.fault("after a kill: " + f)
	}
}

func lookInside(ctx context.Context, data string) (faults []string, err error) {
	if _, err := os.Stat(filepath.Join(data, "vault", "state")); errors.Is(err, os.ErrNotExist) {
		return nil, nil // it never served
	}
	dir, err := os.MkdirTemp(filepath.Dir(data), "inside-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	for _, name := range []string{"table.db", "vault.key"} {
		content, err := os.ReadFile(filepath.Join(data, name)) //nolint:gosec // it is our own
		if err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			return nil, err
		}
	}
	if err := linkAll(filepath.Join(data, "vault"), filepath.Join(dir, "vault")); err != nil {
		return nil, err
	}
	t, err := bolt.Open(filepath.Join(dir, "table.db"), bolt.WithoutSync())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, t.Close()) }()
	return keyFaults(ctx, dir, t)
}

// linkAll gives the files of one folder names in another one. The key store never
// writes to a file that has its name: it replaces it.
func linkAll(from, to string) error {
	return filepath.WalkDir(from, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		below, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if e.IsDir() {
			return os.Mkdir(filepath.Join(to, below), 0o700) //nolint:gosec // it is our own
		}
		return os.Link(path, filepath.Join(to, below))
	})
}

// keyFaults holds a table and the key store beside it against each other.
func keyFaults(ctx context.Context, data string, t *bolt.Table) (faults []string, err error) {
	v, err := local.Open(filepath.Join(data, "vault"), filepath.Join(data, "vault.key"), local.NoSync())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, v.Close()) }()
	items, kept := map[table.Key]table.Item{}, map[vault.Name]vault.Secret{}
	err = t.Scan(func(i table.Item) error {
		items[i.Key] = i
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the table: %w", err)
	}
	err = v.List(ctx, func(s vault.Secret) error {
		kept[s.Name] = s
		_, err := v.Describe(ctx, s.Name) // damaged ones are listed, too
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the key store: %w", err)
	}
	return keytest.Faults(items, kept), nil
}
