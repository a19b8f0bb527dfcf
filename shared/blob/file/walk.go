package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/gander-images/gander/shared/blob"
)

// batch is how many names of a folder are held at a time.
const batch = 256

// Walk implements blob.Store.
func (s *Store) Walk(ctx context.Context, prefix string, visit func(blob.Object) error) error {
	all := walker{store: s, ctx: ctx, prefix: prefix, visit: visit}
	if err := all.tree(objectsFolder, ""); err != nil {
		return err
	}
	writers, err := s.entries(unfinishedFolder)
	if err != nil {
		return explain("listing", unfinishedFolder, err)
	}
	all.unfinished = true
	for _, w := range writers {
		if err := all.tree(path.Join(unfinishedFolder, w.Name()), ""); err != nil {
			return err
		}
	}
	return nil
}

// Discard implements blob.Store.
func (s *Store) Discard(ctx context.Context, name string) error {
	if err := check(ctx, name); err != nil {
		return err
	}
	writers, err := s.entries(unfinishedFolder)
	if err != nil {
		return explain("discarding", name, err)
	}
	for _, w := range writers {
		own := path.Join(unfinishedFolder, w.Name())
		if _, err := s.root.Lstat(path.Join(own, placeOf(name))); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		err := s.at("discard")
		if err == nil {
			err = s.root.RemoveAll(own)
		}
		if err != nil {
			return explain("discarding", name, err)
		}
	}
	return nil
}

// sweep removes writers' folders without a file: what stays of a crash right
// before the first byte or right after the last step.
func (s *Store) sweep() error {
	writers, err := s.entries(unfinishedFolder)
	if err != nil {
		return err
	}
	for _, w := range writers {
		own := path.Join(unfinishedFolder, w.Name())
		err := (&walker{store: s, ctx: context.Background(), unfinished: true, visit: func(blob.Object) error { return errSeen }}).tree(own, "")
		if err == nil {
			err = s.root.RemoveAll(own)
		}
		if err != nil && !errors.Is(err, errSeen) {
			return err
		}
	}
	return nil
}

var errSeen = errors.New("there is a file")

// A walker visits the objects below one folder.
type walker struct {
	store      *Store
	ctx        context.Context //nolint:containedctx // it lives as long as one call
	prefix     string
	unfinished bool
	visit      func(blob.Object) error
}

// tree visits what is below a folder that stands for part of a name.
func (w *walker) tree(folder, part string) error {
	return w.each(folder, func(e fs.DirEntry) error {
		name, object := extend(part, e.Name())
		if !e.IsDir() || !w.wanted(name, object) {
			return nil
		}
		below := path.Join(folder, e.Name())
		if object {
			return w.object(below, name)
		}
		return w.tree(below, name)
	})
}

func (w *walker) wanted(name string, object bool) bool {
	if strings.HasPrefix(name, w.prefix) {
		return !object || blob.CheckName(name) == nil
	}
	return !object && strings.HasPrefix(w.prefix, name)
}

// object visits the file in an object's folder.
func (w *walker) object(folder, name string) error {
	return w.each(folder, func(e fs.DirEntry) error {
		if _, ok := sizeOf(e.Name()); !ok && !w.unfinished {
			return nil
		}
		info, err := w.store.root.Lstat(path.Join(folder, e.Name()))
		if errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
			return nil
		}
		if err != nil {
			return explain("listing", name, err)
		}
		o := blob.Object{Name: name, Version: e.Name(), Size: info.Size(), Modified: info.ModTime(), Unfinished: w.unfinished}
		if w.unfinished {
			o.Version = ""
		}
		return w.visit(o)
	})
}

// each calls do for the entries of a folder. One that is gone has none.
func (w *walker) each(folder string, do func(fs.DirEntry) error) error {
	f, err := w.store.root.Open(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("listing %s: %w", folder, err)
	}
	defer func() { _ = f.Close() }() // it was only read
	for {
		entries, err := f.ReadDir(batch)
		for _, e := range entries {
			if err := context.Cause(w.ctx); err != nil {
				return err
			}
			if err := do(e); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("listing %s: %w", folder, err)
		}
	}
}
