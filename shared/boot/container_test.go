package boot

import (
	"debug/elf"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/gander-images/gander/shared/boot/setting"
)

// An instruction is one line of a Containerfile.
type instruction struct{ word, rest string }

// stages reads the Containerfile: a list of instructions for each FROM.
func stages(t *testing.T) [][]instruction {
	t.Helper()
	text, err := os.ReadFile("../../Containerfile")
	if err != nil {
		t.Fatal(err)
	}
	var all [][]instruction
	for line := range strings.Lines(string(text)) {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch {
		case word == "" || word[0] == '#':
			continue
		case word == "FROM":
			all = append(all, nil)
		case len(all) == 0:
			t.Fatalf("%s stands before FROM", line)
		}
		all[len(all)-1] = append(all[len(all)-1], instruction{word, rest})
	}
	return all
}

// all returns what stands behind a word.
func all(stage []instruction, word string) (found []string) {
	for _, i := range stage {
		if i.word == word {
			found = append(found, i.rest)
		}
	}
	return found
}

func only(t *testing.T, stage []instruction, word string) string {
	t.Helper()
	found := all(stage, word)
	if len(found) != 1 {
		t.Fatalf("%s stands there %d times", word, len(found))
	}
	return found[0]
}

// words reads the form of a command that needs no shell.
func words(t *testing.T, text string) []string {
	t.Helper()
	var list []string
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		t.Fatalf("%s is for a shell, and there is none: %v", text, err)
	}
	return list
}

// TestContainerHoldsOneBinary: what runs is the data plane, as nobody in
// particular, on the port that it says, without a shell.
func TestContainerHoldsOneBinary(t *testing.T) {
	both := stages(t)
	if len(both) != 2 || both[1][0].rest != "scratch" {
		t.Fatalf("%v", both)
	}
	run := both[1]
	for _, i := range run {
		if i.word == "RUN" || i.word == "SHELL" || i.word == "ADD" {
			t.Errorf("%s %s in the image itself", i.word, i.rest)
		}
	}
	copied := all(run, "COPY")
	wanted := []string{
		"--from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt",
		"--from=build /source/build/gander /gander",
	}
	if !slices.Equal(copied, wanted) {
		t.Errorf("the image holds %q", copied)
	}
	if user, _, _ := strings.Cut(only(t, run, "USER"), ":"); strings.Trim(user, "0123456789") != "" || strings.Trim(user, "0") == "" {
		t.Errorf("it runs as %s", user) // a name would need a file, and 0 is root
	}
	command := append(words(t, only(t, run, "ENTRYPOINT")), words(t, only(t, run, "CMD"))...)
	if !slices.Equal(command, []string{"/gander", "serve", "-only", "data"}) {
		t.Errorf("it runs %q", command)
	}
	if _, known := parts[command[3]]; !known {
		t.Errorf("there is no part %s", command[3])
	}
}

// TestContainerIsBuiltOfSources: what the build copies reaches the builder, and
// what a service keeps beside the sources, keys and passwords, does not.
func TestContainerIsBuiltOfSources(t *testing.T) {
	raw, err := os.ReadFile("../../.dockerignore")
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(string(raw)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	if lines[0] != "*" {
		t.Fatalf("it does not begin by leaving everything out: %q", lines)
	}
	var wanted []string
	for _, copied := range all(stages(t)[0], "COPY") {
		parts := strings.Fields(copied)
		for _, source := range parts[:len(parts)-1] {
			wanted = append(wanted, "!"+source)
		}
	}
	slices.Sort(wanted)
	slices.Sort(lines[1:])
	if !slices.Equal(lines[1:], wanted) {
		t.Errorf("the builder gets %q, and copies %q", lines[1:], wanted)
	}
}

// TestContainerListens: the port that the image announces is the one that the
// setting's default names, open to the network of the container.
func TestContainerListens(t *testing.T) {
	run := stages(t)[1]
	port := only(t, run, "EXPOSE")
	if got := only(t, run, "ENV"); got != "GANDER_LISTEN=0.0.0.0:"+port {
		t.Errorf("%s, and port %s", got, port)
	}
	for _, row := range setting.Table {
		if row.Name == "GANDER_LISTEN" && !strings.HasSuffix(row.Default, ":"+port) {
			t.Errorf("port %s, and by default %s", port, row.Default)
		}
	}
	environ := []string{
		only(t, run, "ENV"), "GANDER_PUBLIC_ENDPOINT=https://images.example.org", "GANDER_TLS_ENDS_IN_FRONT=true", "GANDER_TABLE=images", "GANDER_BUCKET=bytes",
		"GANDER_DEVELOPMENT_KEY=ed25519:" + strings.Repeat("A", 43),
	}
	if _, err := setting.Read(setting.Source{Environ: environ, Uses: parts["data"].uses}); err != nil {
		t.Errorf("behind a load balancer: %v", err)
	}
}

// TestContainerBuilds does what the first stage does, in a folder with nothing
// but what it copies, and looks at the binary.
func TestContainerBuilds(t *testing.T) {
	build := stages(t)[0]
	if image, name, _ := strings.Cut(build[0].rest, " AS "); name != "build" || !strings.HasPrefix("golang:"+goVersion(t), image) {
		t.Errorf("built in %q, for go %s", build[0].rest, goVersion(t))
	}
	folder := t.TempDir()
	for _, i := range build {
		if i.word == "COPY" {
			copyInto(t, folder, strings.Fields(i.rest))
		}
		if i.word != "RUN" || i.rest == "go mod download" { // the modules are here already
			continue
		}
		command := exec.Command("sh", "-c", i.rest)
		command.Dir, command.Env = folder, append(os.Environ(), "VERSION=1.2.3", "GOFLAGS=-mod=readonly", "GOOS=linux")
		if output, err := command.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", i.rest, err, output)
		}
	}
	binary := filepath.Join(folder, "build/gander")
	if runtime.GOOS == "linux" { // elsewhere it can be looked at, and not run
		if said, err := exec.Command(binary, "version").Output(); err != nil || string(said) != "gander 1.2.3\n" {
			t.Errorf("%q, %v", said, err)
		}
	}
	file, err := elf.Open(binary)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, p := range file.Progs {
		if p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC {
			t.Errorf("it is not static: it has a %v", p.Type)
		}
	}
}

// copyInto does COPY: the last word is where to, in the working directory.
func copyInto(t *testing.T, folder string, words []string) {
	t.Helper()
	to := filepath.Join(folder, words[len(words)-1])
	for _, from := range words[:len(words)-1] {
		from = filepath.Join("../..", from)
		info, err := os.Stat(from)
		if err != nil {
			t.Fatal(err)
		}
		if info.IsDir() {
			err = os.CopyFS(to, os.DirFS(from))
		} else {
			var text []byte
			if text, err = os.ReadFile(from); err == nil {
				err = os.WriteFile(filepath.Join(to, filepath.Base(from)), text, 0o600)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// goVersion is what go.mod asks for.
func goVersion(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if version, ok := strings.CutPrefix(strings.TrimSpace(line), "go "); ok {
			return version
		}
	}
	t.Fatal("go.mod names no version")
	return ""
}
