package development

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// The files of the development identity in the data folder. All but the public
// key are for their owner alone.
const (
	directoryFile = "identity.yaml"
	keyFile       = "identity.key"
	publicFile    = "identity.pub"
	revokedFile   = "identity.revoked"
	lockFile      = "identity.lock"
	cloudsFile    = "clouds.yaml"
	openrcPrefix  = "openrc-"

	temporaryFiles = ".identity-*.tmp"
)

// readOrMake returns the content of a private file, made first if there is
// none. A file that others could read is closed to them.
func readOrMake(path string, first func() ([]byte, error)) ([]byte, error) {
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if content, err = first(); err != nil {
			return nil, err
		}
		return content, replace(path, content, 0o600)
	}
	if err != nil {
		return nil, err
	}
	return content, closeToOthers(path)
}

func closeToOthers(path string) error {
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm()&0o077 == 0 {
		return err
	}
	return os.Chmod(path, info.Mode().Perm()&0o700)
}

// replaceIfOther is replace for a file that says something else, or that
// others could read.
func replaceIfOther(path string, content []byte, mode fs.FileMode) error {
	old, err := os.ReadFile(path)
	if err == nil && bytes.Equal(old, content) {
		if info, err := os.Stat(path); err == nil && info.Mode().Perm() == mode {
			return nil
		}
	}
	return replace(path, content, mode)
}

// replace writes a whole file durably: after a crash the old content stands
// there or the new, never a part.
func replace(path string, content []byte, mode fs.FileMode) (err error) {
	temporary, err := os.CreateTemp(filepath.Dir(path), temporaryFiles)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, temporary.Close(), os.Remove(temporary.Name()))
		}
	}()
	if err = temporary.Chmod(mode); err != nil {
		return err
	}
	if _, err = temporary.Write(content); err != nil {
		return err
	}
	if err = temporary.Sync(); err != nil {
		return err
	}
	if err = os.Rename(temporary.Name(), path); err != nil {
		return err
	}
	return errors.Join(temporary.Close(), syncFolder(filepath.Dir(path)))
}

// removeTemporary clears what a crash left behind: it may hold passwords.
func removeTemporary(dir string) error {
	left, err := filepath.Glob(filepath.Join(dir, temporaryFiles))
	for _, path := range left {
		err = errors.Join(err, os.Remove(path))
	}
	return err
}

func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// lock keeps a second process away from the folder until the file is closed.
func lock(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := flock(file); err != nil {
		return nil, errors.Join(fmt.Errorf("the identity in %s is in use by another process: %w",
			filepath.Dir(path), err), file.Close())
	}
	return file, nil
}
