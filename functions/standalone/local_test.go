//go:build !cloud

package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// fronts are the ways to reach the service on the local mix: there is one.
var fronts = []front{{name: "standalone", large: 3<<20 + 17, start: start}}

// start runs the service over a new folder, with these settings more.
func start(t *testing.T, settings ...string) *service {
	t.Helper()
	return startOver(t, filepath.Join(t.TempDir(), "data"), settings...)
}

// startOver runs the service over a folder, and stops it when the test ends.
func startOver(t *testing.T, data string, settings ...string) *service {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return startCommand(t, exec.Command(binary, "serve"), data, settings...)
}

// create makes a queued raw image and returns its id.
func (u *user) create(name string) string {
	u.t.Helper()
	body := fmt.Sprintf(`{"name": %q, "disk_format": "raw", "container_format": "bare"}`, name)
	return u.call("POST /v2/images", strings.NewReader(body)).want(http.StatusCreated).image()["id"].(string)
}

// zeros is a reader of that many zero bytes.
type zeros int64

func (z *zeros) Read(p []byte) (int, error) {
	if *z == 0 {
		return 0, io.EOF
	}
	n := int(min(int64(len(p)), int64(*z)))
	clear(p[:n])
	*z -= zeros(n)
	return n, nil
}

// kill ends the process as a crash would.
func (s *service) kill() {
	_ = s.cmd.Process.Kill()
	<-s.ended
}
