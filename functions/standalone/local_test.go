//go:build !cloud

package main

import (
	"os"
	"os/exec"
	"path/filepath"
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
