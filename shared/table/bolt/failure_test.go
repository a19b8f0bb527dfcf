package bolt

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/gander-images/gander/shared/table"
)

// A breaker makes commits fail, in the writer, as long as fail is set.
type breaker struct {
	table *Table
	fail  func(*bbolt.Tx) error // nil error: commit as usual
}

func (k *breaker) option(s *settings) {
	s.commit = func(tx *bbolt.Tx) error {
		if k.fail != nil {
			if err := k.fail(tx); err != nil {
				return err
			}
		}
		if tx.DB() == nil {
			return nil
		}
		return tx.Commit()
	}
}

func openBroken(t *testing.T) (*Table, *breaker) {
	t.Helper()
	k := &breaker{}
	path := filepath.Join(t.TempDir(), "table")
	t.Cleanup(func() { sound(t, path) }) // after it is closed
	k.table = openAt(t, path, k.option)
	add(t, k.table, "before")
	return k.table, k
}

// before fails like a write ahead of the meta page.
func before(cause error) func(*bbolt.Tx) error {
	return func(tx *bbolt.Tx) error { return errors.Join(cause, tx.Rollback()) }
}

// afterwards fails like the sync of the meta page.
func afterwards(cause error) func(*bbolt.Tx) error {
	return func(tx *bbolt.Tx) error { return errors.Join(tx.Commit(), cause) }
}

// recovers wants the table to serve as if nothing had been.
func recovers(t *testing.T, b *Table, k *breaker, changes int) {
	t.Helper()
	k.fail = nil
	add(t, b, "next")
	for _, sort := range []string{"before", "next"} {
		if !has(t, b, sort) {
			t.Errorf("%s is gone", sort)
		}
	}
	if got := len(kept(t, b)); got != changes {
		t.Errorf("%d changes in the feed, want %d", got, changes)
	}
}

func TestCommitFails(t *testing.T) {
	byName := errors.New("file resize error: truncate table: " + syscall.ENOSPC.Error()) // as bbolt does
	for name, test := range map[string]struct{ cause, want error }{
		"disk full":               {syscall.ENOSPC, table.ErrFull},
		"disk full, told by name": {byName, table.ErrFull},
		"quota":                   {&os.PathError{Op: "write", Err: syscall.EDQUOT}, table.ErrFull},
		"file too large":          {syscall.EFBIG, table.ErrFull},
		"input/output":            {syscall.EIO, table.ErrBusy},
	} {
		t.Run(name, func(t *testing.T) {
			b, k := openBroken(t)
			k.fail = before(test.cause)
			for range 3 {
				if _, err := b.Transact(t.Context(), create("lost")); !errors.Is(err, test.want) || !errors.Is(err, test.cause) {
					t.Fatalf("%v, want %v", err, test.want)
				}
			}
			if has(t, b, "lost") {
				t.Error("what did not happen is there")
			}
			recovers(t, b, k, 2)
		})
	}
}

// TestCommitFailsLate has a commit whose last sync fails: the file is settled,
// and then it is known that it happened.
func TestCommitFailsLate(t *testing.T) {
	b, k := openBroken(t)
	k.fail = afterwards(syscall.EIO)
	for i := range 3 {
		add(t, b, fmt.Sprint(i))
	}
	if outcome, err := b.Transact(t.Context(), create("0")); err != nil || outcome.OK() {
		t.Errorf("the same again: %+v, %v", outcome, err)
	}
	recovers(t, b, k, 5)
}

// TestCommitUnknown has a file that cannot be settled for some time.
func TestCommitUnknown(t *testing.T) {
	b, k := openBroken(t)
	var good *os.File
	k.fail = func(tx *bbolt.Tx) error {
		err := afterwards(syscall.EIO)(tx)
		good = b.file
		b.file, _ = os.Open(b.path) // can be read, not written
		return err
	}
	if _, err := b.Transact(t.Context(), create("unknown")); !errors.Is(err, table.ErrUnknown) || !errors.Is(err, syscall.EIO) {
		t.Fatalf("%v, want ErrUnknown", err)
	}
	for range 2 {
		if _, err := b.Transact(t.Context(), create("next")); !errors.Is(err, table.ErrBusy) {
			t.Fatalf("while the file is not settled: %v, want ErrBusy", err)
		}
	}
	if !has(t, b, "before") {
		t.Error("what was there before cannot be read")
	}
	_ = b.file.Close()
	b.file = good
	recovers(t, b, k, 3)
	if !has(t, b, "unknown") {
		t.Error("the commit was there, and is gone")
	}
}

func TestCommitPanics(t *testing.T) {
	b, k := openBroken(t)
	k.fail = func(*bbolt.Tx) error { panic("a defect") }
	if _, err := b.Transact(t.Context(), create("lost")); !errors.Is(err, table.ErrBusy) {
		t.Errorf("%v, want ErrBusy", err)
	}
	k.fail = func(tx *bbolt.Tx) error {
		if err := tx.Commit(); err != nil {
			return err
		}
		panic("a defect")
	}
	add(t, b, "late")
	if has(t, b, "lost") || !has(t, b, "late") {
		t.Errorf("lost present %t, late present %t", has(t, b, "lost"), has(t, b, "late"))
	}
	recovers(t, b, k, 3)
}

// TestFullForOneMember has a group of which one member alone does not fit.
func TestFullForOneMember(t *testing.T) {
	k, g := &breaker{}, newGate()
	b := openNew(t, func(s *settings) {
		s.commit = func(tx *bbolt.Tx) error {
			g.entered <- struct{}{}
			<-g.open
			if tx.Bucket(itemBucket).Get(itemKey(key("large"))) != nil {
				return before(syscall.ENOSPC)(tx)
			}
			return tx.Commit()
		}
	})
	k.table = b
	answers := make(chan answer, 10)
	later(t.Context(), b, answers, create("first"))
	<-g.entered
	for _, sort := range []string{"a", "large", "b", "c"} {
		later(t.Context(), b, answers, create(sort))
	}
	later(t.Context(), b, answers, table.Write{Kind: table.Check, Key: key("first"), If: table.IfAbsent()})
	until(t, "all are queued", func() bool { return len(b.queue) == 5 })
	close(g.open)
	for range 6 {
		a := <-answers
		switch {
		case a.sort == "large" && !errors.Is(a.err, table.ErrFull):
			t.Errorf("large: %v, want ErrFull", a.err)
		case a.sort != "large" && a.err != nil:
			t.Errorf("%s: %v", a.sort, a.err)
		}
	}
	for sort, want := range map[string]bool{"a": true, "b": true, "c": true, "large": false} {
		if has(t, b, sort) != want {
			t.Errorf("%s: present %t, want %t", sort, !want, want)
		}
	}
}

// TestDamagedEntry holds that an entry which cannot be read spoils no others.
func TestDamagedEntry(t *testing.T) {
	g := newGate()
	b := openNew(t, g.option)
	if err := b.db.Update(func(tx *bbolt.Tx) error {
		return tx.Bucket(itemBucket).Put(itemKey(key("damaged")), []byte{1, 1, 200})
	}); err != nil {
		t.Fatal(err)
	}
	answers := make(chan answer, 10)
	later(t.Context(), b, answers, create("first"))
	<-g.entered
	refused := create("first")
	refused.Body = make([]byte, 10)
	later(t.Context(), b, answers, table.Write{Kind: table.Check, Key: key("refused"), If: table.IfAbsent()}, refused)
	until(t, "it is queued", func() bool { return len(b.queue) == 1 })
	for _, sort := range []string{"a", "damaged", "b"} {
		later(t.Context(), b, answers, table.Write{Kind: table.Add, Key: key(sort), Counters: map[string]int64{"n": 1}})
	}
	until(t, "all are queued", func() bool { return len(b.queue) == 4 })
	close(g.open)
	for range 5 {
		a := <-answers
		if a.sort == "refused" && len(a.outcome.Failed) != 1 {
			t.Errorf("the member that was tried twice was told %+v", a.outcome)
		}
		if (a.err != nil) != (a.sort == "damaged") || a.err != nil && !errors.Is(a.err, errDamaged) {
			t.Errorf("%s: %v", a.sort, a.err)
		}
	}
	if _, err := b.Get(t.Context(), key("damaged")); !errors.Is(err, errDamaged) {
		t.Errorf("Get: %v", err)
	}
	if _, err := b.Query(t.Context(), table.Query{Partition: "p", Limit: 10}); !errors.Is(err, errDamaged) {
		t.Errorf("Query: %v", err)
	}
}

// TestWriteFails lets the system refuse bbolt's own writes, in the middle of a
// commit, and looks whether bbolt finds back.
func TestWriteFails(t *testing.T) {
	b, k := openBroken(t)
	fd := int(b.file.Fd()) //nolint:gosec // a descriptor
	good, err := syscall.Dup(fd)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Close(good) }()
	readOnly, err := os.Open(b.path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = readOnly.Close() }()
	for i := range 5 {
		if err := syscall.Dup3(int(readOnly.Fd()), fd, syscall.O_CLOEXEC); err != nil { //nolint:gosec // a descriptor
			t.Fatal(err)
		}
		for range 3 {
			if _, err := b.Transact(t.Context(), create("lost")); !errors.Is(err, table.ErrBusy) || !errors.Is(err, syscall.EBADF) {
				t.Fatalf("%v, want ErrBusy", err)
			}
		}
		if err := syscall.Dup3(good, fd, syscall.O_CLOEXEC); err != nil {
			t.Fatal(err)
		}
		add(t, b, fmt.Sprint(i))
	}
	if has(t, b, "lost") {
		t.Error("what did not happen is there")
	}
	recovers(t, b, k, 7)
}
