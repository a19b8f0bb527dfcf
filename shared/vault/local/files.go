package local

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path"
	"syscall"
)

const (
	fileMode   = 0o600
	folderMode = 0o700
)

// The folders and files below the vault's own.
const (
	keptFolder       = "kept"       // <key id>.<generation>
	scheduledFolder  = "scheduled"  // likewise; it counts where both have one
	unfinishedFolder = "unfinished" // what is about to be moved to one of these
	stateFile        = "state"
)

// An errUnsynced says that what was written is there, and may not survive power loss.
type errUnsynced struct{ cause error }

func (e errUnsynced) Error() string { return e.cause.Error() }
func (e errUnsynced) Unwrap() error { return e.cause }

// write puts a file in its place, or nothing. What stood there is replaced.
//
// Errors: an errUnsynced once it is in place; else it is not.
func (v *Vault) write(place string, content []byte) error {
	unfinished := path.Join(unfinishedFolder, randomName())
	err := v.fill(unfinished, v.seal.close(place, content))
	if err == nil {
		err = v.at("place " + path.Dir(place))
	}
	if err == nil {
		err = v.root.Rename(unfinished, place)
	}
	if err != nil {
		_ = v.root.Remove(unfinished) // else the next start does
		return err
	}
	if err := v.syncFolder(path.Dir(place)); err != nil {
		return errUnsynced{err}
	}
	return nil
}

func (v *Vault) fill(name string, content []byte) error {
	if err := v.at("fill"); err != nil {
		return err
	}
	f, err := v.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err == nil {
		err = v.flush(f)
	}
	return errors.Join(err, f.Close())
}

// read opens a sealed file.
//
// Errors: fs.ErrNotExist, errSealed, the system's.
func (v *Vault) read(place string) ([]byte, error) {
	content, err := v.root.ReadFile(place)
	if err != nil {
		return nil, err
	}
	return v.seal.open(place, content)
}

// remove takes a file away for good. It syncs also when there was none: an earlier
// try may have ended before.
func (v *Vault) remove(place string) error {
	if err := v.at("remove " + path.Dir(place)); err != nil {
		return err
	}
	if err := v.root.Remove(place); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return v.syncFolder(path.Dir(place))
}

func (v *Vault) syncFolder(folder string) error {
	if err := v.at("sync " + folder); err != nil {
		return err
	}
	f, err := v.root.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(v.flush(f), f.Close())
}

// names lists a folder.
func (v *Vault) names(folder string) ([]string, error) {
	f, err := v.root.Open(folder)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	return f.Readdirnames(-1)
}

func (v *Vault) has(place string) (bool, error) {
	_, err := v.root.Lstat(place)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

func (v *Vault) at(step string) error {
	if v.step == nil {
		return nil
	}
	return v.step(step)
}

func randomName() string {
	var b [12]byte
	_, _ = rand.Read(b[:]) // never fails, as its documentation says
	return hex.EncodeToString(b[:])
}

// nameless is an error of the system without the path, which names a secret.
func nameless(err error) error {
	var number syscall.Errno
	if errors.As(err, &number) {
		return number
	}
	return err
}
