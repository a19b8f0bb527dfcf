package local

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gander-images/gander/shared/plainfile"
)

const keyBytes = 32

// errNoKey says that there is no key file.
var errNoKey = errors.New("the key file of the vault is missing")

// readKey reads the key that seals the others: 64 hexadecimal digits in a file that
// nobody else on the machine can read.
func readKey(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%w: %s", errNoKey, path)
	case err != nil:
		return nil, err
	case info.Mode().Perm()&0o077 != 0:
		return nil, fmt.Errorf("%s can be read or changed by others (mode %04o); it must have mode 0600", path, info.Mode().Perm())
	}
	text, err := plainfile.Read(path, 2*keyBytes+2)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != keyBytes {
		return nil, fmt.Errorf("%s does not hold a key: %d hexadecimal digits", path, 2*keyBytes)
	}
	return key, nil
}

// makeKey leaves a new key in the file, which must not be there.
func makeKey(path string) ([]byte, error) {
	key := make([]byte, keyBytes)
	_, _ = rand.Read(key) // never fails, as its documentation says
	unfinished := path + ".new"
	if err := os.Remove(unfinished); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	f, err := os.OpenFile(unfinished, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode) //nolint:gosec // the operator names it
	if err != nil {
		return nil, err
	}
	_, err = f.WriteString(hex.EncodeToString(key) + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, err
	}
	if err := os.Link(unfinished, path); err != nil { // fails where a file stands
		return nil, err
	}
	if err := os.Remove(unfinished); err != nil {
		return nil, err
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	return key, errors.Join(folder.Sync(), folder.Close())
}
