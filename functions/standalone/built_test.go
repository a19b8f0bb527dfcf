//go:build clients && !cloud

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// builtFronts are the fronts with what "make build" made behind them.
var builtFronts = []front{{name: "standalone", large: 3<<20 + 17, start: startBuilt}}

// startBuilt runs the built binary.
func startBuilt(t *testing.T, settings ...string) *service {
	t.Helper()
	binary, err := filepath.Abs("../../build/gander")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(binary); err != nil {
		t.Fatalf("make build comes first: %v", err)
	}
	return startCommand(t, exec.Command(binary, "serve"), filepath.Join(t.TempDir(), "data"), settings...)
}
