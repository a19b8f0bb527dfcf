package bolt

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/gander-images/gander/shared/table"
)

// childVariable names what a process that a test started has to do.
const childVariable = "GANDER_TEST_CHILD"

func TestMain(m *testing.M) {
	switch os.Getenv(childVariable) {
	case "write":
		writeUntilKilled(os.Args[1])
	case "fill":
		fillDisk(os.Args[1])
	default:
		os.Exit(m.Run())
	}
}

func openAt(t testing.TB, path string, opts ...Option) *Table {
	t.Helper()
	b, err := Open(path, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

func openNew(t testing.TB, opts ...Option) *Table {
	t.Helper()
	return openAt(t, filepath.Join(t.TempDir(), "table"), opts...)
}

func key(sort string) table.Key { return table.Key{Partition: "p", Sort: sort} }

func create(sort string) table.Write {
	return table.Write{Kind: table.Put, Key: key(sort), Body: []byte(sort), If: table.IfAbsent()}
}

// add makes an item, as table.Transact would be called by a test that expects
// nothing to go wrong.
func add(t testing.TB, b *Table, sorts ...string) {
	t.Helper()
	for _, sort := range sorts {
		outcome, err := b.Transact(context.Background(), create(sort))
		if err != nil || !outcome.OK() {
			t.Fatalf("creating %s: %+v, %v", sort, outcome, err)
		}
	}
}

func has(t testing.TB, b *Table, sort string) bool {
	t.Helper()
	items, err := b.Get(context.Background(), key(sort))
	if err != nil {
		t.Fatal(err)
	}
	return items[0] != nil
}

// until waits for a condition that another goroutine brings about.
func until(t testing.TB, what string, reached func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !reached(); runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("it did not come to this: %s", what)
		}
	}
}

// kept returns the sequence numbers of the changes in the file.
func kept(t testing.TB, b *Table) (seqs []uint64) {
	t.Helper()
	for position := uint64(0); ; position = seqs[len(seqs)-1] {
		_, more, err := b.changesAfter(position)
		if err != nil {
			t.Fatal(err)
		}
		if len(more) == 0 {
			return seqs
		}
		seqs = append(seqs, more...)
	}
}

// sound checks the pages of the file, once the table is closed.
func sound(t testing.TB, path string) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true, Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if err := db.View(func(tx *bbolt.Tx) error {
		var all []error
		for err := range tx.Check() {
			all = append(all, err)
		}
		return errors.Join(all...)
	}); err != nil {
		t.Errorf("the file is damaged: %v", err)
	}
}
