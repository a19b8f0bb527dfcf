package file

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// TestFullDisk fills a small file system of its own.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mount("gander-test", dir, "tmpfs", 0, "size=6m,mode=700"); err != nil {
		t.Skipf("a small file system cannot be mounted here (%v); TestFullByLimit covers what a full disk does", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	s, err := Open(filepath.Join(dir, "images"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	large, err := write(s, "large", 3*mib)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "others"), make([]byte, mib/2), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := fillUp(s, large); err != nil {
		t.Error(err)
	}
	if err := s.Delete(t.Context(), large.Name, large.Version); err != nil {
		t.Error(err)
	}
	if _, err := write(s, "larger", 3*mib); err != nil {
		t.Errorf("space has returned, and yet: %v", err)
	}
}
