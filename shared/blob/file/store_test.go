package file

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/gander-images/gander/shared/blob"
)

func newStore(t *testing.T, options ...Option) (*Store, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data", "images")
	s, err := Open(dir, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s, dir
}

func TestOneProcessAtATime(t *testing.T) {
	s, dir := newStore(t)
	if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), dir+": it is in use by another process") {
		t.Errorf("opening it twice: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	_ = again.Close()
}

func TestModesKeepOthersOut(t *testing.T) {
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	s, dir := newStore(t)
	if _, err := write(s, "images/one/upload", 10); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Create(t.Context(), "images/two/upload"); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(filepath.Dir(dir), func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// What survives power loss is decided by what is synced before what.
func TestOrderOfSyncs(t *testing.T) {
	s, dir := newStore(t)
	var trace []string
	s.step = func(step string) error {
		if step == "place" || step == "remove" {
			trace = append(trace, step)
		}
		return nil
	}
	s.flush = func(f *os.File) error {
		rest, err := filepath.Rel(dir, f.Name())
		if strings.HasPrefix(rest, unfinishedFolder) {
			rest = filepath.Base(rest)
		}
		trace = append(trace, "sync "+rest)
		return errors.Join(err, f.Sync())
	}
	o, err := write(s, "images/one/upload", 10)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(t.Context(), o.Name, o.Version); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"sync data", "sync upload@", "place", "sync objects/images/one", "sync objects/images", "sync objects",
		"remove", "sync objects",
	}
	if !slices.Equal(trace, want) {
		t.Errorf("the steps were\n%q, want\n%q", trace, want)
	}
}

func TestNewFoldersAreSyncedUpToTheFirstThatWasThere(t *testing.T) {
	top := t.TempDir()
	var synced []string
	s, err := Open(filepath.Join(top, "a", "b"), func(s *Store) {
		s.flush = func(f *os.File) error {
			synced = append(synced, f.Name())
			return f.Sync()
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if want := []string{top, filepath.Join(top, "a"), filepath.Join(top, "a", "b")}; len(synced) != 3 || !slices.Equal(synced[:2], want[:2]) {
		t.Errorf("synced %q, want %q", synced, want)
	}
}

// TestEveryStepMayFail breaks each step of an object's life in turn. Before the
// object is in place nothing may be left, without any Abort; after it, nobody is
// told that nothing was kept, and Abort removes it.
func TestEveryStepMayFail(t *testing.T) {
	for cause, kind := range map[error]error{
		syscall.ENOSPC: blob.ErrFull, syscall.EDQUOT: blob.ErrFull, syscall.EFBIG: blob.ErrFull,
		syscall.EIO: blob.ErrBusy, syscall.EROFS: blob.ErrBusy, syscall.EACCES: blob.ErrBusy,
	} {
		s, dir := newStore(t, NoSync())
		for broken := 1; ; broken++ {
			steps, placed, last := 0, false, ""
			s.step = func(step string) error {
				steps++
				if steps == broken {
					last = step
					return &fs.PathError{Op: "test", Path: step, Err: cause}
				}
				placed = placed || step == "place" && steps < broken
				return nil
			}
			w, err := s.Create(t.Context(), "images/one/upload")
			if err == nil {
				_, err = w.Write([]byte("bytes"))
			}
			if err == nil {
				_, err = w.Commit(t.Context())
			}
			if err == nil {
				if broken < 8 {
					t.Errorf("only %d steps", broken-1)
				}
				break
			}
			s.step = nil
			if broken > 50 {
				t.Fatalf("%v: the steps do not end: %v", cause, err)
			}
			if !errors.Is(err, cause) || errors.Is(err, kind) == placed || placed && anyOf(err, blob.ErrFull, blob.ErrBusy) {
				t.Errorf("%v before %q: error %v; kind %v: %t", cause, last, err, kind, !placed)
			}
			if placed {
				if err := w.Abort(t.Context()); err != nil {
					t.Error(err)
				}
			}
			wantEmptyFolder(t, dir)
		}
	}
}

// Where a failed writer's bytes cannot be removed, nobody is told that nothing
// was kept; Abort tries again.
func TestFailureThatCannotTidyUp(t *testing.T) {
	s, dir := newStore(t, NoSync())
	s.step = func(step string) error {
		if step == "sync data" || step == "drop" {
			return syscall.ENOSPC
		}
		return nil
	}
	w, err := s.Create(t.Context(), "a/b")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Commit(t.Context()); err == nil || anyOf(err, blob.ErrFull, blob.ErrBusy) {
		t.Errorf("Commit: %v", err)
	}
	if err := w.Abort(t.Context()); err == nil {
		t.Error("Abort says that it removed what it could not remove")
	}
	s.step = nil
	if err := w.Abort(t.Context()); err != nil {
		t.Error(err)
	}
	wantEmptyFolder(t, dir)
}

// A folder that a deletion, cut short, left empty does not take the name.
func TestEmptyFolderGivesWay(t *testing.T) {
	s, dir := newStore(t)
	if err := os.MkdirAll(filepath.Join(dir, objectPlace("a/b")), folderMode); err != nil {
		t.Fatal(err)
	}
	if all := everything(t, s); len(all) != 0 {
		t.Errorf("Walk shows %+v", all)
	}
	o, err := write(s, "a/b", 5)
	if err != nil {
		t.Fatal(err)
	}
	wantBytes(t, s, o, make([]byte, 5))
}

// What a crash leaves without a file has no name to be discarded by.
func TestOpenSweepsFoldersWithoutFiles(t *testing.T) {
	s, dir := newStore(t)
	if err := os.MkdirAll(filepath.Join(dir, unfinishedFolder, "x", "a", "b@"), folderMode); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Create(t.Context(), "c/d"); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = again.Close() }()
	if all := everything(t, again); len(all) != 1 || all[0].Name != "c/d" || !all[0].Unfinished {
		t.Errorf("Walk shows %+v, want c/d unfinished", all)
	}
	if err := again.Discard(t.Context(), "c/d"); err != nil {
		t.Error(err)
	}
	wantEmptyFolder(t, dir)
}

// A writer whose bytes are discarded under it makes nothing, at whatever step.
func TestCommitAfterDiscard(t *testing.T) {
	for _, at := range []string{"sync data", "name version", "place"} {
		s, dir := newStore(t, NoSync())
		w, err := s.Create(t.Context(), "a/b")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte("bytes")); err != nil {
			t.Fatal(err)
		}
		s.step = func(step string) error {
			if step == at {
				return s.Discard(t.Context(), "a/b")
			}
			return nil
		}
		if o, err := w.Commit(t.Context()); !errors.Is(err, blob.ErrBusy) {
			t.Errorf("discarded before %q, Commit made %+v, error %v; want ErrBusy", at, o, err)
		}
		wantEmptyFolder(t, dir)
	}
}

// Two deletions empty a folder together: the one that came first finds it gone.
func TestDeleteBesideAnother(t *testing.T) {
	s, dir := newStore(t)
	first, err := write(s, "a/b", 1)
	if err != nil {
		t.Fatal(err)
	}
	second, err := write(s, "a/c", 1)
	if err != nil {
		t.Fatal(err)
	}
	s.step = func(step string) error {
		if step != "sync objects/a" {
			return nil
		}
		s.step = nil
		return s.Delete(t.Context(), second.Name, second.Version)
	}
	if err := s.Delete(t.Context(), first.Name, first.Version); err != nil || s.step != nil {
		t.Errorf("error %v; the other deletion ran: %t", err, s.step == nil)
	}
	wantEmptyFolder(t, dir)
}

func TestCopyThatIsCancelledLeavesNothing(t *testing.T) {
	s, dir := newStore(t)
	o, err := write(s, "a/b", mib)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	s.step = func(string) error { cancel(); return nil }
	if c, err := s.Copy(ctx, o.Name, o.Version, "c/d"); !errors.Is(err, context.Canceled) {
		t.Errorf("Copy made %+v, error %v", c, err)
	}
	if err := s.Delete(t.Context(), o.Name, o.Version); err != nil {
		t.Fatal(err)
	}
	wantEmptyFolder(t, dir)
}

func TestWhatIsOpenOutlivesItsDeletion(t *testing.T) {
	s, dir := newStore(t)
	o, err := write(s, "a/b", 3*mib)
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Open(t.Context(), o.Name, o.Version, 1, -1)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(t.Context(), o.Name, o.Version); err != nil {
		t.Fatal(err)
	}
	wantEmptyFolder(t, dir)
	n, err := io.Copy(io.Discard, r)
	if err := errors.Join(err, r.Close()); n != 3*mib-1 || err != nil {
		t.Errorf("%d bytes came, %v", n, err)
	}
}

// An image that somebody cut or exchanged is not served as if it were whole.
func TestFileChangedFromOutside(t *testing.T) {
	s, dir := newStore(t)
	o, err := write(s, "a/b", 3*mib)
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Open(t.Context(), o.Name, o.Version, 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, objectPlace(o.Name), o.Version)
	if err := os.Truncate(path, mib); err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, r); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("WriteTo of what was cut: %d bytes, %v", n, err)
	}
	if _, err := r.Read(make([]byte, 1)); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("Read of what was cut: %v", err)
	}
	_ = r.Close()
	if _, err := s.Open(t.Context(), o.Name, o.Version, 0, -1); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("opening what was cut: %v", err)
	}
}

// Links that lead out of the store are not followed, whoever laid them.
func TestLinksLeadNowhere(t *testing.T) {
	s, dir := newStore(t)
	o, err := write(s, "a/b", 6)
	if err != nil {
		t.Fatal(err)
	}
	outside := t.TempDir()
	secret := filepath.Join(outside, o.Version)
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, objectsFolder, "c@")); err != nil {
		t.Fatal(err)
	}
	if r, err := s.Open(t.Context(), "c", o.Version, 0, -1); err == nil {
		_ = r.Close()
		t.Error("a file outside was opened")
	}
	_ = s.Delete(t.Context(), "c", o.Version)
	if _, err := os.Stat(secret); err != nil {
		t.Errorf("a file outside was deleted: %v", err)
	}
}

// A socket's ReadFrom asks the kernel to send only what it knows as a file.
func TestDestinationSeesAFile(t *testing.T) {
	s, _ := newStore(t)
	o, err := write(s, "a/b", mib)
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Open(t.Context(), o.Name, o.Version, 100, 1000)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	var to destination
	if n, err := io.Copy(&to, r); n != 1000 || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
	if to.saw != "*io.LimitedReader of *os.File" {
		t.Errorf("the destination saw a %s", to.saw)
	}
}

type destination struct {
	bytes.Buffer
	saw string
}

func (d *destination) ReadFrom(r io.Reader) (int64, error) {
	d.saw = fmt.Sprintf("%T", r)
	if limited, ok := r.(*io.LimitedReader); ok {
		d.saw += fmt.Sprintf(" of %T", limited.R)
	}
	return d.Buffer.ReadFrom(r)
}
