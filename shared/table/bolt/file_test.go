package bolt

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"
)

func refusedToOpen(t *testing.T, path, because string) {
	t.Helper()
	b, err := Open(path)
	if err == nil {
		_ = b.Close()
		t.Fatal("it was opened")
	}
	if message := err.Error(); !strings.Contains(message, path) || !strings.Contains(message, because) || strings.Contains(message, "\n") {
		t.Errorf("refused with %q, want %q and the name of the file", message, because)
	}
}

func TestOpenTwice(t *testing.T) {
	b := openNew(t, func(s *settings) { s.noSync = true })
	// A lock is held by an open file, not by a process: a second opening in
	// this process meets what another process would.
	refusedToOpen(t, b.path, "in use by another process")
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	add(t, openAt(t, b.path), "x")
}

func TestOpenRefuses(t *testing.T) {
	folder := t.TempDir()
	at := func(name string) string { return filepath.Join(folder, name) }
	withBolt := func(path string, change func(*bbolt.Tx) error) {
		db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Update(change); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("newer format", func(t *testing.T) {
		if err := openAt(t, at("newer")).Close(); err != nil {
			t.Fatal(err)
		}
		withBolt(at("newer"), func(tx *bbolt.Tx) error {
			return tx.Bucket(metaBucket).Put(formatKey, binary.AppendUvarint(nil, format+1))
		})
		refusedToOpen(t, at("newer"), "newer Gander")
	})
	t.Run("another program's file", func(t *testing.T) {
		withBolt(at("other"), func(tx *bbolt.Tx) error {
			_, err := tx.CreateBucket([]byte("other"))
			return err
		})
		refusedToOpen(t, at("other"), "not a table of Gander")
	})
	t.Run("text", func(t *testing.T) {
		if err := os.WriteFile(at("text"), []byte(strings.Repeat("text ", 10000)), 0o600); err != nil {
			t.Fatal(err)
		}
		refusedToOpen(t, at("text"), "not a table of Gander")
	})
	t.Run("a folder", func(t *testing.T) { refusedToOpen(t, folder, "is a directory") })
	t.Run("no folder", func(t *testing.T) { refusedToOpen(t, at("missing/table"), "no such file") })
}

// TestOpenAfterACrashAtBirth opens what a crash may leave of a new file.
func TestOpenAfterACrashAtBirth(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	bare := filepath.Join(t.TempDir(), "bare")
	db, err := bbolt.Open(bare, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{empty, bare} {
		add(t, openAt(t, path), "x")
	}
}

func TestFileIsPrivate(t *testing.T) {
	b := openNew(t)
	info, err := os.Stat(b.path)
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o600 {
		t.Errorf("mode %o, want 600", mode)
	}
}

// TestSyncIsOn holds that only those who ask for it do without syncs.
func TestSyncIsOn(t *testing.T) {
	b := openNew(t)
	if b.db.NoSync || b.db.NoGrowSync || b.db.NoFreelistSync {
		t.Error("a sync is left out")
	}
	add(t, b, "x")
	if s := b.Stats(); s.Syncs != 2*s.Groups || s.Groups != 1 {
		t.Errorf("%+v", s)
	}
	if fast := openNew(t, WithoutSync()); !fast.db.NoSync {
		t.Error("WithoutSync syncs")
	}
}
