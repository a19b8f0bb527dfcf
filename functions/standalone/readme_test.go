package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
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

var (
	makeTarget = regexp.MustCompile(`\bmake ([a-z]+)`)
	testName   = regexp.MustCompile("`(Test[A-Za-z0-9_]+)`")
)

// What the README tells a reader to make, and the tests that it names for its
// promises, exist.
func TestReadmeTellsWhatIsThere(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range makeTarget.FindAllStringSubmatch(code(string(readme)), -1) {
		if !strings.Contains(string(makefile), "\n"+m[1]+":") {
			t.Errorf("README.md says %q, which the Makefile does not have", m[0])
		}
	}
	tests := testsOfTree(t)
	named := testName.FindAllStringSubmatch(string(readme), -1)
	if len(named) == 0 {
		t.Error("README.md names no test for its promises")
	}
	for _, m := range named {
		if !strings.Contains(tests, "\nfunc "+m[1]+"(") {
			t.Errorf("README.md names %s, which is not there", m[1])
		}
	}
}

// code returns what stands in fenced blocks and between backquotes.
func code(markdown string) string {
	var out strings.Builder
	for i, part := range strings.Split(markdown, "`") {
		if i%2 == 1 || strings.HasPrefix(part, "sh\n") {
			out.WriteString(part + "\n")
		}
	}
	return out.String()
}

// testsOfTree returns the text of all test files.
func testsOfTree(t *testing.T) string {
	t.Helper()
	var text strings.Builder
	for _, root := range []string{"../../functions", "../../shared", "../../tools"} {
		err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") {
				return err
			}
			file, err := os.ReadFile(path)
			text.Write(file)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return text.String()
}
