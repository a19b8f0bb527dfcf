package file

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/gander-images/gander/shared/blob"
)

// The test binary starts itself again as a child that dies, or that may not
// write much. These tell it to.
const (
	childJob  = "GANDER_TEST_BLOB_CHILD"
	childDir  = "GANDER_TEST_BLOB_DIR"
	childStep = "GANDER_TEST_BLOB_STEP"
)

// child does a child's work, and tells whether this process is one.
func child() bool {
	var err error
	switch os.Getenv(childJob) {
	case "":
		return false
	case "crash":
		err = crashingLife()
	case "full":
		err = lifeWithinLimit()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return true
}

func startChild(t *testing.T, job, dir string, step int) (stdout string, err error) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), childJob+"="+job, childDir+"="+dir, childStep+"="+strconv.Itoa(step))
	var told, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &told, &complaint
	if err = cmd.Run(); err != nil && complaint.Len() > 0 {
		t.Fatalf("the child: %v: %s", err, complaint.Bytes())
	}
	return told.String(), err
}

const crashName = "images/one/upload"

// crashingLife writes and deletes an object, says what was acknowledged, and
// kills itself before the step it was told.
func crashingLife() error {
	last, err := strconv.Atoi(os.Getenv(childStep))
	if err != nil {
		return err
	}
	s, err := Open(os.Getenv(childDir))
	if err != nil {
		return err
	}
	steps := 0
	s.step = func(step string) error {
		if steps++; steps == last {
			fmt.Println(step)
			return syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
		return nil
	}
	return live(s, func(what string) { fmt.Println(what) })
}

// live is an object's life in three writes. It aborts nothing.
func live(s *Store, acknowledge func(string)) error {
	ctx := context.Background()
	w, err := s.Create(ctx, crashName)
	if err != nil {
		return err
	}
	for range 3 {
		if _, err := w.Write(crashPart()); err != nil {
			return err
		}
	}
	o, err := w.Commit(ctx)
	if err != nil {
		return err
	}
	acknowledge("committed")
	if err := s.Delete(ctx, o.Name, o.Version); err != nil {
		return err
	}
	acknowledge("deleted")
	return nil
}

func crashPart() []byte { return bytes.Repeat([]byte("0123456789abcdef"), 10_001) }

// TestKillLeavesNothingOrAll kills a process before each of its steps: in the
// middle of writing, between sync and rename, between rename and the folders'
// sync, within a deletion.
func TestKillLeavesNothingOrAll(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "images")
	for step := 1; ; step++ {
		told, err := startChild(t, "crash", dir, step)
		if err == nil {
			if step < 10 || told != "committed\ndeleted\n" {
				t.Errorf("only %d steps; the child says %q", step-1, told)
			}
			return
		}
		t.Run(fmt.Sprintf("%02d", step), func(t *testing.T) { afterCrash(t, dir, told) })
	}
}

// afterCrash checks what is left by what the child told, the last line being
// the step it did not take any more.
func afterCrash(t *testing.T, dir, told string) {
	t.Helper()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	lines := strings.Split(strings.TrimSpace(told), "\n")
	step := lines[len(lines)-1]
	committed := lines[0] == "committed"
	placed := strings.HasPrefix(step, "sync "+objectsFolder)
	wantWhole := committed && step == "remove" || !committed && placed
	wantLeft := !committed && !placed && step != "create"

	var whole, left []blob.Object
	for _, o := range everything(t, s) {
		if o.Name != crashName {
			t.Errorf("before %q: there is %+v", step, o)
		}
		if o.Unfinished {
			left = append(left, o)
		} else {
			whole = append(whole, o)
		}
	}
	if (len(whole) == 1) != wantWhole || (len(left) == 1) != wantLeft || len(whole)+len(left) > 1 {
		t.Errorf("killed before %q: found %+v and leftovers %+v; want an object: %t, a leftover: %t", step, whole, left, wantWhole, wantLeft)
	}
	for _, o := range whole {
		wantBytes(t, s, o, bytes.Repeat(crashPart(), 3))
		if err := s.Delete(t.Context(), o.Name, o.Version); err != nil {
			t.Error(err)
		}
	}
	if err := s.Discard(t.Context(), crashName); err != nil {
		t.Error(err)
	}
	wantEmptyFolder(t, dir)
}

func everything(t *testing.T, s *Store) []blob.Object {
	t.Helper()
	var all []blob.Object
	if err := s.Walk(t.Context(), "", func(o blob.Object) error { all = append(all, o); return nil }); err != nil {
		t.Fatal(err)
	}
	return all
}

func wantBytes(t *testing.T, s *Store, o blob.Object, want []byte) {
	t.Helper()
	r, err := s.Open(t.Context(), o.Name, o.Version, 0, -1)
	if err != nil {
		t.Error(err)
		return
	}
	got, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s has %d bytes, or others; want %d; %v", o.Name, len(got), len(want), err)
	}
}

// wantEmptyFolder checks the disk itself, with no help of the store.
func wantEmptyFolder(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		switch rest, _ := filepath.Rel(dir, path); rest {
		case ".", lockFile, objectsFolder, unfinishedFolder:
		default:
			t.Errorf("%s is left on the disk", rest)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
