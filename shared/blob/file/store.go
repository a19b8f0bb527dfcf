// Package file keeps objects as files below one folder of a local file system.
//
// Every object has a folder, named after it, with one file, named after its
// version. A writer fills a folder of its own elsewhere, syncs it, and moves it
// into place with one rename, which fails where an object stands already. What
// a crash leaves behind is therefore only ever a writer's folder.
//
// It needs flock and folders that can be synced: Linux, macOS and the BSDs.
package file

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/gander-images/gander/shared/blob"
)

// The modes of what is made: images are for nobody else on the machine.
const (
	fileMode   = 0o600
	folderMode = 0o700
)

// A Store keeps objects below one folder.
type Store struct {
	root *os.Root
	lock *os.File

	// flush makes a file, or the names in a folder, survive power loss.
	flush func(*os.File) error

	// unsynced says that flush does nothing.
	unsynced bool

	// step, where a test sets it, is called before every step that changes
	// what is on disk, and can make it fail or end the process.
	step func(name string) error
}

var _ blob.Store = (*Store)(nil)

// An Option changes how a Store works.
type Option func(*Store)

// NoSync leaves out every wait for the disk: objects survive the end of the
// process, not power loss. For tests.
func NoSync() Option {
	return func(s *Store) {
		s.flush = func(*os.File) error { return nil }
		s.unsynced = true
	}
}

// Open opens the store in dir, and makes the folder if there is none. One
// process at a time may have it open; Close ends that.
func Open(dir string, options ...Option) (*Store, error) {
	s := &Store{flush: (*os.File).Sync}
	for _, o := range options {
		o(s)
	}
	if err := s.prepare(dir); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Store) prepare(dir string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return fmt.Errorf("finding the image folder: %w", err)
	}
	if err := makeFolder(dir, s.flush); err != nil {
		return fmt.Errorf("making the image folder: %w", err)
	}
	if s.root, err = os.OpenRoot(dir); err != nil {
		return fmt.Errorf("opening the image folder: %w", err)
	}
	if s.lock, err = s.root.OpenFile(lockFile, os.O_RDWR|os.O_CREATE, fileMode); err != nil {
		return fmt.Errorf("opening the lock of the image folder: %w", err)
	}
	if err := takeLock(s.lock); err != nil {
		return fmt.Errorf("locking the image folder %s: %w", dir, err)
	}
	for _, folder := range []string{objectsFolder, unfinishedFolder} {
		if err := s.root.MkdirAll(folder, folderMode); err != nil {
			return fmt.Errorf("making the image folder: %w", err)
		}
	}
	if err := s.syncFolder("."); err != nil {
		return fmt.Errorf("syncing the image folder: %w", err)
	}
	if err := s.sweep(); err != nil {
		return fmt.Errorf("tidying the image folder: %w", err)
	}
	return nil
}

// MakeFolder makes a folder, and those above it that are missing, so that their
// names outlive power loss, too.
func MakeFolder(dir string) error { return makeFolder(dir, (*os.File).Sync) }

func makeFolder(dir string, flush func(*os.File) error) error {
	if _, err := os.Stat(dir); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	parent := filepath.Dir(dir)
	if err := makeFolder(parent, flush); err != nil {
		return err
	}
	if err := os.Mkdir(dir, folderMode); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	f, err := os.Open(parent) //nolint:gosec // the operator names the folder
	if err != nil {
		return err
	}
	return errors.Join(flush(f), f.Close())
}

// Close lets another process open the folder. Readers that are open go on.
func (s *Store) Close() error {
	var errs []error
	if s.lock != nil {
		errs = append(errs, s.lock.Close())
	}
	if s.root != nil {
		errs = append(errs, s.root.Close())
	}
	return errors.Join(errs...)
}

// Stat implements blob.Store.
func (s *Store) Stat(ctx context.Context, name string) (blob.Object, error) {
	if err := check(ctx, name); err != nil {
		return blob.Object{}, err
	}
	object, err := s.find(name)
	if err != nil {
		return blob.Object{}, explain("looking for", name, err)
	}
	return object, nil
}

// find describes the object with this name.
func (s *Store) find(name string) (blob.Object, error) {
	place := objectPlace(name)
	entries, err := s.entries(place)
	if err != nil {
		return blob.Object{}, err
	}
	for _, e := range entries {
		if _, ok := sizeOf(e.Name()); !ok {
			continue
		}
		info, err := s.root.Lstat(path.Join(place, e.Name()))
		if err == nil && info.Mode().IsRegular() {
			return blob.Object{Name: name, Version: e.Name(), Size: info.Size(), Modified: info.ModTime()}, nil
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return blob.Object{}, err
		}
	}
	return blob.Object{}, fs.ErrNotExist
}

// Delete implements blob.Store.
func (s *Store) Delete(ctx context.Context, name, version string) error {
	if err := check(ctx, name); err != nil {
		return err
	}
	if _, ok := sizeOf(version); !ok {
		return nil
	}
	if err := s.remove(objectPlace(name), version); err != nil {
		return explain("deleting", name, err)
	}
	return nil
}

// remove takes one version away for good, and the folders that it leaves empty.
// It syncs also when there was nothing: an earlier try may have ended before.
func (s *Store) remove(place, version string) error {
	if err := s.at("remove"); err != nil {
		return err
	}
	if err := s.root.Remove(path.Join(place, version)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return s.syncNearest(s.prune(place))
}

// prune removes empty folders from one on upwards, and returns the first that
// stays.
func (s *Store) prune(folder string) string {
	for folder != objectsFolder {
		if err := s.root.Remove(folder); err != nil && !errors.Is(err, fs.ErrNotExist) {
			break // it holds something; a folder that stays empty does no harm
		}
		folder = path.Dir(folder)
	}
	return folder
}

// syncNearest syncs a folder, or the nearest above it that is still there.
func (s *Store) syncNearest(folder string) error {
	for {
		err := s.syncFolder(folder)
		if !errors.Is(err, fs.ErrNotExist) || folder == objectsFolder {
			return err
		}
		folder = path.Dir(folder)
	}
}

// syncFolder makes the names in a folder durable.
func (s *Store) syncFolder(folder string) error {
	if err := s.at("sync " + folder); err != nil {
		return err
	}
	f, err := s.root.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(s.flush(f), f.Close())
}

func (s *Store) entries(folder string) ([]fs.DirEntry, error) {
	f, err := s.root.Open(folder)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	return f.ReadDir(-1)
}

func (s *Store) at(step string) error {
	if s.step == nil {
		return nil
	}
	return s.step(step)
}

// check is what every call begins with.
func check(ctx context.Context, name string) error {
	if err := blob.CheckName(name); err != nil {
		return err
	}
	return context.Cause(ctx)
}
