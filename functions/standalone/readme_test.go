package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// sessionEnd follows the commands of a session in the README. CI runs what stands
// before it against the stock clients, so a newcomer pastes what is known to work.
const sessionEnd = "```\n"

// firstSession returns the commands of the README's first session.
func firstSession(t *testing.T) string {
	t.Helper()
	return session(t, "first-session.sh")
}

// session returns the commands of the README's block with this name above it.
func session(t *testing.T, name string) string {
	t.Helper()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	start := "<!-- " + name + " -->\n```sh\n"
	_, rest, found := strings.Cut(string(readme), start)
	if !found || strings.Contains(rest, start) {
		t.Fatalf("README.md has not exactly one block after %q", start)
	}
	script, _, found := strings.Cut(rest, sessionEnd)
	if !found {
		t.Fatalf("%s of README.md does not end", name)
	}
	return script
}

// TestSessionsAreInTheReadme holds that what CI runs of the README shows what it should.
func TestSessionsAreInTheReadme(t *testing.T) {
	for name, commands := range map[string][]string{
		"first-session.sh": {
			"qemu-img convert", "openstack image create", "openstack image list", "openstack image show",
			"openstack image save", "cmp ", "openstack image delete", "glance ",
		},
		"key-session.sh": {
			"openstack secret store", "cinder_encryption_key_id=", "openstack secret delete", "/gander/v1/images/snapshot",
			"openstack secret get", "gander keys show", "gander audit", "/restore", "cmp ",
		},
	} {
		script := session(t, name)
		for _, command := range commands {
			if !strings.Contains(script, command) {
				t.Errorf("%s has no %q", name, command)
			}
		}
		cmd := exec.Command("sh", "-n")
		cmd.Stdin = strings.NewReader(script)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("sh does not read %s: %v\n%s", name, err, out)
		}
	}
	writeFirstSession(t, firstSession(t))
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
