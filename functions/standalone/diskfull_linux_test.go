//go:build !cloud

package main

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// onSmallDisk runs the service with its data on a file system of its own, that
// nobody else sees and that goes with the process.
func onSmallDisk(t *testing.T, size string, settings ...string) *service {
	t.Helper()
	disk := t.TempDir()
	args := []string{"--mount"}
	if os.Geteuid() != 0 {
		args = append(args, "--map-root-user")
	}
	mount := `mount -t tmpfs -o size="$0" tmpfs "$1" && shift && exec "$@"`
	if out, err := exec.Command("unshare", append(args, "sh", "-c", mount, size, disk, "true")...).CombinedOutput(); err != nil {
		t.Skipf("a small file system cannot be mounted here: %v %s", err, out)
	}
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("unshare", append(args, "sh", "-c", mount, size, disk, binary, "serve")...)
	s := startCommand(t, cmd, filepath.Join(disk, "data"), settings...)
	s.data = fmt.Sprintf("/proc/%d/root%s", cmd.Process.Pid, s.data) // as seen from outside
	return s
}

// TestDiskFull fills the disk by uploads, then to its last byte, and wants
// sentences, nothing half-made, and work as before once there is room again.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	s := onSmallDisk(t, "48m", "GANDER_RETENTION=0s", "GANDER_SWEEP_INTERVAL=1s")
	u := s.as("gander")
	small := noise(1 << 20)
	kept := u.create("kept")
	u.call("PUT /v2/images/"+kept+"/file", bytes.NewReader(small)).want(http.StatusNoContent)

	large := u.create("too large")
	for range 2 { // the second try finds the room that the first gave back
		body := zeros(200 << 20)
		a := u.call("PUT /v2/images/"+large+"/file", &body, "Accept: text/plain")
		if a.status != http.StatusRequestEntityTooLarge && a.status != http.StatusServiceUnavailable {
			t.Fatalf("an upload larger than the disk is answered %d: %s", a.status, a.body)
		}
		wantSentence(t, a)
		img := u.call("GET /v2/images/"+large, nil).want(http.StatusOK).image()
		if img["status"] != "queued" || img["size"] != nil || img["checksum"] != nil {
			t.Errorf("after the failed upload the image is %v", img)
		}
	}
	u.call("PUT /v2/images/"+large+"/file", bytes.NewReader(small)).want(http.StatusNoContent)

	junk := filepath.Join(filepath.Dir(s.data), "junk")
	fill(t, junk)
	refused := u.createUntilRefused(t)
	wantSentence(t, refused)
	u.call("GET /v2/images/"+kept+"/file", nil).want(http.StatusOK)
	before := u.count()
	u.call("POST /v2/images", strings.NewReader(`{"name": "no room"}`)) // its answer is free, its effect is not
	if err := os.Remove(junk); err != nil {
		t.Fatal(err)
	}
	after := u.create("room again")
	u.call("PUT /v2/images/"+after+"/file", bytes.NewReader(small)).want(http.StatusNoContent)
	if got := u.call("GET /v2/images/"+after+"/file", nil).want(http.StatusOK).body; !bytes.Equal(got, small) {
		t.Error("what was uploaded after the disk was full is not what came back")
	}
	if n := u.count(); n != before+1 && n != before+2 {
		t.Errorf("%d images are listed; before there were %d", n, before)
	}
	s.wantFiles(3, int64(len(small)))
}

func wantSentence(t *testing.T, a *answer) {
	t.Helper()
	_, text, _ := strings.Cut(string(a.body), "\n\n")
	if len(strings.Fields(text)) < 4 || !strings.Contains(text, "room left") {
		t.Errorf("%s is answered %d without a sentence about room: %q", a.line, a.status, a.body)
	}
}

// fill writes a file until the disk holds no byte more.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for block := make([]byte, 1<<20); len(block) > 0; {
		if _, err := f.Write(block); err != nil {
			block = block[:len(block)/2]
		}
	}
}

// createUntilRefused makes images until the table cannot grow any more.
func (u *user) createUntilRefused(t *testing.T) *answer {
	t.Helper()
	body := fmt.Sprintf(`{"name": "filler", "long": %q}`, strings.Repeat("long ", 4<<10))
	for range 5_000 {
		a := u.call("POST /v2/images", strings.NewReader(body), "Accept: text/plain")
		if a.status != http.StatusCreated {
			return a.want(http.StatusServiceUnavailable)
		}
	}
	t.Fatal("5,000 images found room on a full disk")
	return nil
}

// wantFiles waits until the store holds that many files and no other.
func (s *service) wantFiles(n int, size int64) {
	s.t.Helper()
	var found []string
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		found = nil
		err := filepath.WalkDir(filepath.Join(s.data, "images"), func(path string, d os.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() || d.Name() == "lock" {
				return err
			}
			info, err := d.Info()
			if err == nil && info.Size() == size {
				found = append(found, path)
			} else {
				found = append(found, fmt.Sprintf("%s with another size: %v", path, err))
			}
			return nil
		})
		if err == nil && len(found) == n {
			return
		}
	}
	s.t.Errorf("the store holds %q, want %d files of %d bytes", found, n, size)
}
