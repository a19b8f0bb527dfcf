package local

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path"
	"time"
)

// Open opens the vault in dir, a folder that is there, with the key in a file, which
// is made where nothing is sealed yet.
//
// Errors: the key file is missing, another one than the folder was sealed with, no key,
// or can be read by others; parts of the folder are missing.
func Open(dir, keyFile string, options ...Option) (*Vault, error) {
	start := time.Now()
	v := &Vault{
		elapsed: func() time.Duration { return time.Since(start) }, // by the monotonic clock
		log:     slog.Default(), flush: (*os.File).Sync, ticks: true, done: make(chan struct{}),
	}
	for _, o := range options {
		o(v)
	}
	v.since = v.elapsed()
	if err := v.prepare(dir, keyFile); err != nil {
		if v.root != nil {
			err = errors.Join(err, v.root.Close())
		}
		return nil, fmt.Errorf("opening the key store %s: %w", dir, err)
	}
	if v.ticks {
		v.working.Go(v.work)
	}
	return v, nil
}

func (v *Vault) prepare(dir, keyFile string) (err error) {
	if v.root, err = os.OpenRoot(dir); err != nil {
		return err
	}
	for _, folder := range []string{keptFolder, scheduledFolder, unfinishedFolder} {
		if err := v.root.MkdirAll(folder, folderMode); err != nil {
			return err
		}
	}
	if err := v.syncFolder("."); err != nil {
		return err
	}
	sealed, begun, err := v.look()
	if err != nil {
		return err
	}
	key, err := readKey(keyFile)
	if errors.Is(err, errNoKey) && !sealed && !begun {
		key, err = makeKey(keyFile)
	}
	if err != nil {
		return err
	}
	if v.seal, err = newSeal(key); err != nil {
		return err
	}
	if err := v.loadState(sealed); err != nil {
		return err
	}
	return v.tidy()
}

// look reports whether secrets are sealed, and whether the vault was ever begun.
func (v *Vault) look() (sealed, begun bool, err error) {
	for _, folder := range []string{keptFolder, scheduledFolder} {
		names, err := v.names(folder)
		if err != nil {
			return false, false, err
		}
		sealed = sealed || len(names) > 0
	}
	begun, err = v.has(stateFile)
	return sealed, begun, err
}

// tidy removes what an earlier process did not end.
func (v *Vault) tidy() error {
	names, err := v.names(unfinishedFolder)
	for _, name := range names {
		err = errors.Join(err, v.root.Remove(path.Join(unfinishedFolder, name)))
	}
	return err
}

// Close keeps the running time and ends the vault's work.
func (v *Vault) Close() error {
	var err error
	v.ending.Do(func() {
		close(v.done)
		v.working.Wait()
		err = errors.Join(v.tick(), v.root.Close())
	})
	return err
}
