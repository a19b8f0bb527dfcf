//go:build !cloud

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// beginUpload sends the head of an upload and some of its bytes, and waits until
// the image is being saved.
func (s *service) beginUpload(u *user, id string, size int, sent string) net.Conn {
	s.t.Helper()
	c := s.dial()
	_, err := fmt.Fprintf(c, "PUT /v2/images/%s/file HTTP/1.1\r\nHost: gander\r\nX-Auth-Token: %s\r\n"+
		"Content-Type: application/octet-stream\r\nContent-Length: %d\r\n\r\n%s", id, u.token, size, sent)
	if err != nil {
		s.t.Fatal(err)
	}
	u.await(id, "saving")
	return c
}

// await waits until an image has a status.
func (u *user) await(id, status string) {
	u.t.Helper()
	var now any
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if now = u.call("GET /v2/images/"+id, nil).want(http.StatusOK).image()["status"]; now == status {
			return
		}
	}
	u.t.Fatalf("image %s is %v, and does not come to be %s", id, now, status)
}

// reasons are what an image's failed uploads left for its owner to read.
func (u *user) reasons(id string) (reasons []string) {
	u.t.Helper()
	var body struct {
		Tasks []struct{ Type, Status, Message string }
	}
	a := u.call("GET /v2/images/"+id+"/tasks", nil).want(http.StatusOK)
	if err := json.Unmarshal(a.body, &body); err != nil {
		u.t.Fatal(err)
	}
	for _, task := range body.Tasks {
		if task.Type != "upload" || task.Status != "failure" {
			u.t.Errorf("image %s has a task of type %s that is %s", id, task.Type, task.Status)
		}
		reasons = append(reasons, task.Message)
	}
	return reasons
}

// wantReason wants one failed upload, with this in its reason, an image that has
// nothing of its data, and that the next upload works.
func (u *user) wantReason(id, reason string) {
	u.t.Helper()
	if got := u.reasons(id); len(got) != 1 || !strings.Contains(got[0], reason) {
		u.t.Errorf("the owner reads the reasons %q, want one with %q", got, reason)
	}
	img := u.call("GET /v2/images/"+id, nil).want(http.StatusOK).image()
	if img["size"] != nil || img["checksum"] != nil || img["os_hash_value"] != nil {
		u.t.Errorf("after the failed upload the image is %v", img)
	}
	u.call("GET /v2/images/"+id+"/file", nil).want(http.StatusNoContent)
	u.call("PUT /v2/images/"+id+"/file", strings.NewReader("all of it")).want(http.StatusNoContent)
	if got := u.call("GET /v2/images/"+id+"/file", nil).want(http.StatusOK).body; string(got) != "all of it" {
		u.t.Errorf("the data is %q", got)
	}
}

// settleAndAudit stops the service, and wants nothing to be left over.
func (s *service) settleAndAudit() {
	s.t.Helper()
	if err := s.stop(); err != nil {
		s.t.Fatalf("the service ended with %v", err)
	}
	audit(s.t, s.data)
}

// TestP6KilledUploadsEnd kills the service in the middle of uploads: one that has
// sent some, one that has sent nothing. When their leases have run out, the images
// are queued again, with a reason.
func TestP6KilledUploadsEnd(t *testing.T) {
	t.Parallel()
	settings := []string{"GANDER_LEASE=2s", "GANDER_SWEEP_INTERVAL=1s"}
	data := filepath.Join(t.TempDir(), "data")
	s := startOver(t, data, settings...)
	u := s.as("gander")
	some, none := u.create("some"), u.create("none")
	s.beginUpload(u, some, 1<<20, strings.Repeat("x", 300<<10))
	s.beginUpload(u, none, 1<<20, "")
	s.kill()

	s = startOver(t, data, settings...)
	u = s.as("gander")
	for _, id := range []string{some, none} {
		u.await(id, "queued")
		u.wantReason(id, "silent for 2s")
	}
	if got := s.as("gander-other").call("GET /v2/images/"+some+"/tasks", nil).status; got != http.StatusNotFound {
		t.Errorf("another project reads the reason: %d", got)
	}
	s.settleAndAudit()
}

// TestP6CutUploadsEndAtOnce breaks connections off in the middle of uploads. The
// lease would run for long: nobody has to wait for it.
func TestP6CutUploadsEndAtOnce(t *testing.T) {
	t.Parallel()
	s := start(t, "GANDER_LEASE=1h")
	u := s.as("gander")
	closed, reset := u.create("closed"), u.create("reset")
	_ = s.beginUpload(u, closed, 100, "only this").Close()
	c := s.beginUpload(u, reset, 100, "only this").(*net.TCPConn)
	_ = c.SetLinger(0)
	_ = c.Close()
	for _, id := range []string{closed, reset} {
		u.await(id, "queued")
		u.wantReason(id, "The data stopped coming after 9 bytes.")
	}
	s.settleAndAudit()
}

// TestP6SlowUploadsGoOn sends a few bytes at a time, for longer than a lease: as
// long as they come, the upload keeps it.
func TestP6SlowUploadsGoOn(t *testing.T) {
	t.Parallel()
	s := start(t, "GANDER_LEASE=4s", "GANDER_SWEEP_INTERVAL=1s") // a busy machine beats late, but not by seconds
	u := s.as("gander")
	id := u.create("slow")
	data := bytes.Repeat([]byte("slow "), 25)
	reader, writer := io.Pipe()
	go func() {
		for piece := range bytes.SplitSeq(data, []byte(" ")) {
			time.Sleep(350 * time.Millisecond) // part of what is tested: 26 pieces outlast two leases
			_, _ = writer.Write(append(bytes.Clone(piece), ' '))
		}
		_ = writer.Close()
	}()
	u.call("PUT /v2/images/"+id+"/file", reader).want(http.StatusNoContent)
	if got := u.call("GET /v2/images/"+id+"/file", nil).want(http.StatusOK).body; !bytes.HasPrefix(got, data) {
		t.Errorf("the data is %q", got)
	}
	if got := u.reasons(id); len(got) != 0 {
		t.Errorf("an upload that succeeded left the reasons %q", got)
	}
	s.settleAndAudit()
}

// TestP6FrozenServicesGoOn stops the process for longer than a lease, as a
// machine that sleeps would. Then either the upload goes on or its lease has ended;
// not both.
func TestP6FrozenServicesGoOn(t *testing.T) {
	t.Parallel()
	s := start(t, "GANDER_LEASE=1s", "GANDER_SWEEP_INTERVAL=1s")
	u := s.as("gander")
	id := u.create("frozen")
	c := s.beginUpload(u, id, 100, "only this")
	_ = s.cmd.Process.Signal(syscall.SIGSTOP)
	time.Sleep(1500 * time.Millisecond) // part of what is tested: longer than the lease
	_ = s.cmd.Process.Signal(syscall.SIGCONT)
	if _, err := io.WriteString(c, strings.Repeat("x", 91)); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, len("HTTP/1.1 204"))
	if _, err := io.ReadFull(c, line); err != nil {
		t.Fatal(err)
	}
	switch got := string(line[9:]); got {
	case "204":
		u.await(id, "active")
	case "410":
		u.await(id, "queued")
		u.wantReason(id, "silent for 1s")
	default:
		t.Errorf("the upload is answered %s", got)
	}
	s.settleAndAudit()
}
