package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"syscall"

	"github.com/gander-images/gander/shared/blob"
)

// A writer fills a folder of its own until Commit moves it into place.
type writer struct {
	store *Store
	ctx   context.Context //nolint:containedctx // Write has none of its own
	name  string
	own   string // the writer's folder, below unfinishedFolder
	place string // the object's folder in it
	file  *os.File
	path  direct
	back  writeback
	size  int64

	err     error  // why no more can be written
	version string // the file's name once it was given one
	placed  bool   // the object is, or may be, where readers look
	done    bool   // Commit succeeded
}

// Create implements blob.Store.
func (s *Store) Create(ctx context.Context, name string) (blob.Writer, error) {
	if err := check(ctx, name); err != nil {
		return nil, err
	}
	w, err := s.begin(ctx, name)
	if err != nil {
		return nil, err
	}
	return w, nil
}

func (s *Store) begin(ctx context.Context, name string) (*writer, error) {
	if _, err := s.find(name); err == nil {
		return nil, fmt.Errorf("creating %s: %w", name, blob.ErrExists)
	}
	own := path.Join(unfinishedFolder, randomID())
	w := &writer{store: s, ctx: ctx, name: name, own: own, place: path.Join(own, placeOf(name))}
	err := s.at("create")
	if err == nil {
		err = s.root.MkdirAll(w.place, folderMode)
	}
	if err == nil {
		w.file, err = s.root.OpenFile(path.Join(w.place, dataFile), os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	}
	if err != nil {
		if gone := w.drop(); gone != nil {
			return nil, fmt.Errorf("creating %s: %w", name, errors.Join(err, gone))
		}
		return nil, explain("creating", name, err)
	}
	w.path = direct{file: w.file, from: directFrom, grain: directGrain, never: s.unsynced}
	w.back = writeback{file: w.file, on: !s.unsynced}
	return w, nil
}

// Write implements io.Writer. After an error nothing is kept, and there is no
// going on.
func (w *writer) Write(p []byte) (int, error) {
	if w.err == nil {
		w.err = context.Cause(w.ctx)
	}
	if w.err == nil {
		w.err = w.ended()
	}
	if w.err != nil {
		return 0, w.err
	}
	n, err := w.put(p)
	w.size += int64(n)
	if err == nil {
		err = w.back.wrote(int64(n))
	}
	if err != nil {
		w.err = w.fail("writing", err)
	}
	return n, w.err
}

func (w *writer) put(p []byte) (int, error) {
	if err := w.store.at("write"); err != nil {
		return 0, err
	}
	return w.path.write(p, w.size)
}

func (w *writer) ended() error {
	if w.file == nil || w.done {
		return fmt.Errorf("writing %s: %w", w.name, fs.ErrClosed)
	}
	return nil
}

// copyFrom is Write of n bytes of a file by the kernel.
func (w *writer) copyFrom(from *os.File, n int64) error {
	for n > 0 {
		if err := context.Cause(w.ctx); err != nil {
			return err
		}
		piece := min(n, writebackStep)
		copied, err := io.Copy(w.file, io.LimitReader(from, piece))
		w.size += copied
		if err == nil && copied < piece {
			err = io.ErrUnexpectedEOF
		}
		if err == nil {
			err = w.back.wrote(copied)
		}
		if err != nil {
			return w.fail("copying", err)
		}
		n -= copied
	}
	return nil
}

// Commit implements blob.Writer.
func (w *writer) Commit(ctx context.Context) (blob.Object, error) {
	if w.err == nil {
		w.err = w.ended()
	}
	if w.err != nil {
		return blob.Object{}, w.err
	}
	if err := context.Cause(ctx); err != nil {
		return blob.Object{}, w.fail("committing", err)
	}
	modified, err := w.seal()
	if err != nil {
		return blob.Object{}, w.fail("committing", err)
	}
	if err := w.move(); err != nil {
		w.store.prune(path.Dir(objectPlace(w.name)))
		return blob.Object{}, w.fail("committing", err)
	}
	w.placed = true
	if err := w.syncPlace(); err != nil {
		w.err = fmt.Errorf("committing %s: it may not survive power loss: %w", w.name, err)
		return blob.Object{}, w.err
	}
	w.done = true
	_ = w.store.root.RemoveAll(w.own) // empty folders; the next Open sweeps what stays
	modified.Name, modified.Version = w.name, w.version
	return modified, nil
}

// seal makes the bytes durable, under the name of their version.
func (w *writer) seal() (blob.Object, error) {
	if err := w.store.at("sync data"); err != nil {
		return blob.Object{}, err
	}
	if err := w.store.flush(w.file); err != nil {
		return blob.Object{}, err
	}
	info, err := w.file.Stat()
	if err != nil {
		return blob.Object{}, err
	}
	if info.Size() != w.size {
		return blob.Object{}, fmt.Errorf("%d bytes were written, the file has %d", w.size, info.Size())
	}
	if err := w.file.Close(); err != nil {
		return blob.Object{}, err
	}
	version := versionOf(randomID(), w.size)
	if err := w.store.at("name version"); err != nil {
		return blob.Object{}, err
	}
	if err := w.store.root.Rename(path.Join(w.place, dataFile), path.Join(w.place, version)); err != nil {
		return blob.Object{}, err
	}
	w.version = version
	return blob.Object{Size: w.size, Modified: info.ModTime()}, w.store.syncFolder(w.place)
}

// move moves the writer's folder to where readers look. A rename of a folder
// fails where another holds an object, so the first one wins.
func (w *writer) move() error {
	root, to := w.store.root, objectPlace(w.name)
	for {
		if err := w.store.at("place"); err != nil {
			return err
		}
		err := root.MkdirAll(path.Dir(to), folderMode)
		if err == nil {
			err = root.Rename(w.place, to)
		}
		switch {
		case err == nil:
			return nil
		case anyOf(err, syscall.EEXIST, syscall.ENOTEMPTY):
			// A folder that a deletion, cut short, left empty gives way.
			if err := root.Remove(to); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return blob.ErrExists
			}
		case errors.Is(err, fs.ErrNotExist):
			// A deletion took the empty folder above away between the two steps.
			if _, err := root.Lstat(path.Join(w.place, w.version)); err != nil {
				return err
			}
		default:
			return err
		}
	}
}

// syncPlace makes the object's name durable, and those of all folders above:
// another writer may have made them a moment ago, and not synced them yet.
func (w *writer) syncPlace() error {
	for folder := path.Dir(objectPlace(w.name)); folder != "."; folder = path.Dir(folder) {
		if err := w.store.syncFolder(folder); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err // one that is gone went with the object, which somebody deleted already
		}
	}
	return nil
}

// fail gives the room back at once and says what happened.
func (w *writer) fail(doing string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("it was discarded meanwhile: %w: %w", blob.ErrBusy, err)
	}
	if gone := w.drop(); gone != nil {
		w.err = fmt.Errorf("%s %s, and removing what was written: %w", doing, w.name, errors.Join(err, gone))
	} else {
		w.err = explain(doing, w.name, err)
	}
	return w.err
}

// drop removes the writer's folder.
func (w *writer) drop() error {
	if w.file != nil {
		_ = w.file.Close() // its bytes are not wanted
	}
	if err := w.store.at("drop"); err != nil {
		return err
	}
	return w.store.root.RemoveAll(w.own)
}

// Abort implements blob.Writer.
func (w *writer) Abort(context.Context) error {
	if w.done {
		return nil
	}
	if w.err == nil {
		w.err = fmt.Errorf("%s was aborted: %w", w.name, fs.ErrClosed)
	}
	err := w.drop()
	if w.placed {
		err = errors.Join(err, w.store.remove(objectPlace(w.name), w.version))
	}
	if err != nil {
		return fmt.Errorf("aborting %s: %w", w.name, err)
	}
	return nil
}
