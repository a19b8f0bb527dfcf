//go:build clients

package main

import (
	"os"
	"path/filepath"
	"testing"
)

// soon has what nobody needs go as soon as it can.
var soon = []string{"GANDER_RETENTION=0s", "GANDER_KEY_DELAY=0s", "GANDER_SWEEP_INTERVAL=1s"}

// play has the virtual environment's Python play one of testdata's sessions, in the
// name of whichever clouds it takes.
func (s *service) play(script, arguments string) string {
	s.t.Helper()
	path, err := filepath.Abs(filepath.Join("testdata", script))
	if err != nil {
		s.t.Fatal(err)
	}
	return s.terminal("gander").run("python " + path + " " + arguments)
}

// TestOpenStackCastellan has castellan's Barbican key manager, which Nova and Cinder
// keep their keys with, do all that they have it do.
func TestOpenStackCastellan(t *testing.T) {
	t.Parallel()
	if got := builtFronts[0].start(t, soon...).play("castellan.py", ""); got != "done" {
		t.Errorf("the session ends with %q", got)
	}
}

// TestOpenStackKeyStory has volumes and images that were encrypted by clones of one
// key go in every order: no other's key goes with any of them.
func TestOpenStackKeyStory(t *testing.T) {
	t.Parallel()
	arguments, want := "", "120 orders"
	if os.Getenv("GANDER_SHORT") != "" {
		arguments, want = "10", "12 orders"
	}
	if got := builtFronts[0].start(t, soon...).play("keystory.py", arguments); got != want {
		t.Errorf("the story ends with %q, want %q", got, want)
	}
}
