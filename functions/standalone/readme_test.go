package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The marks around the first session in the README. CI runs what stands between
// them against the stock clients, so a newcomer pastes what is known to work.
const (
	sessionStart = "<!-- first-session.sh -->\n```sh\n"
	sessionEnd   = "```\n"
)

// firstSession returns the commands of the README's first session.
func firstSession(t *testing.T) string {
	t.Helper()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(readme), sessionStart)
	if !found || strings.Contains(rest, sessionStart) {
		t.Fatalf("README.md has not exactly one block after %q", sessionStart)
	}
	script, _, found := strings.Cut(rest, sessionEnd)
	if !found {
		t.Fatal("the first session of README.md does not end")
	}
	return script
}

// TestFirstSessionIsInTheReadme takes first-session.sh out of the README.
func TestFirstSessionIsInTheReadme(t *testing.T) {
	script := firstSession(t)
	for _, command := range []string{
		"qemu-img convert", "openstack image create", "openstack image list", "openstack image show",
		"openstack image save", "cmp ", "openstack image delete", "glance ",
	} {
		if !strings.Contains(script, command) {
			t.Errorf("the first session has no %q", command)
		}
	}
	path := writeFirstSession(t, script)
	if out, err := exec.Command("sh", "-n", path).CombinedOutput(); err != nil {
		t.Errorf("sh does not read the first session: %v\n%s", err, out)
	}
}

// writeFirstSession writes build/first-session.sh, which stops at the first
// command that fails.
func writeFirstSession(t *testing.T, script string) string {
	t.Helper()
	path, err := filepath.Abs("../../build/first-session.sh")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("set -eu\n"+script), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}
