package docs

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = ".."

// files calls visit for each file of the source tree.
func files(t *testing.T, visit func(path string, text string)) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && slices.Contains([]string{".git", "build", ".gander", ".gander-light", ".localstack", ".venv", "testdata"}, d.Name()) {
			return filepath.SkipDir
		}
		if !d.Type().IsRegular() {
			return nil
		}
		text, err := os.ReadFile(path)
		if err == nil {
			visit(strings.TrimPrefix(filepath.ToSlash(path), root+"/"), string(text))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var (
	makeTarget = regexp.MustCompile(`\bmake ([a-z]+(?:-[a-z]+)*)`)
	testName   = regexp.MustCompile("`(Test[A-Za-z0-9_]+)`")
	link       = regexp.MustCompile(`\]\(([^)#:]*)(#[^)]*)?\)`)
	heading    = regexp.MustCompile(`(?m)^#+ (.+)$`)
	unanchored = regexp.MustCompile(`[^\p{L}\p{N}_ -]`)
	goFile     = regexp.MustCompile(`\.go$`)
)

// What pages tell a reader to make exists, and so do the tests that they name.
func TestPagesNameWhatIsThere(t *testing.T) {
	makefile := read(t, "Makefile")
	var code, pages strings.Builder
	files(t, func(path, text string) {
		switch {
		case goFile.MatchString(path):
			code.WriteString(text)
		case strings.HasSuffix(path, ".md"):
			pages.WriteString(text)
			for _, m := range makeTarget.FindAllStringSubmatch(commands(text), -1) {
				if !strings.Contains(makefile, "\n"+m[1]+":") {
					t.Errorf("%s says %q, which the Makefile does not have", path, m[0])
				}
			}
		}
	})
	named := testName.FindAllStringSubmatch(pages.String(), -1)
	if len(named) == 0 {
		t.Error("no page names a test for its promises")
	}
	for _, m := range named {
		if !strings.Contains(code.String(), "\nfunc "+m[1]+"(") {
			t.Errorf("a page names %s, which is not there", m[1])
		}
	}
}

// commands returns what stands in fenced blocks and between backquotes.
func commands(markdown string) string {
	var out strings.Builder
	fenced := false
	for line := range strings.Lines(markdown) {
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
			continue
		}
		if fenced {
			out.WriteString(line)
			continue
		}
		for i, part := range strings.Split(line, "`") {
			if i%2 == 1 {
				out.WriteString(part + "\n")
			}
		}
	}
	return out.String()
}

// anchors are what links to the headings of a page end with.
func anchors(page string) (all []string) {
	for _, m := range heading.FindAllStringSubmatch(page, -1) {
		all = append(all, "#"+strings.ReplaceAll(unanchored.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-"))
	}
	return all
}

// Links from one page to another file lead to one, and to a heading that it has.
func TestLinksLeadSomewhere(t *testing.T) {
	links := 0
	files(t, func(path, text string) {
		if !strings.HasSuffix(path, ".md") {
			return
		}
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			links++
			to := filepath.Join(filepath.Dir(path), m[1])
			if m[1] == "" {
				to = path
			}
			if _, err := os.Stat(filepath.Join(root, to)); err != nil {
				t.Errorf("%s links to %s: %v", path, m[1], err)
			} else if m[2] != "" && !slices.Contains(anchors(read(t, to)), m[2]) {
				t.Errorf("%s links to %s, which has no heading %s", path, to, m[2])
			}
		}
	})
	if links == 0 {
		t.Error("no page has a link")
	}
}

// Every module that go.mod asks for by itself has a reason and its version in
// docs/dependencies.md, and no other has one.
func TestDependenciesHaveReasons(t *testing.T) {
	page := read(t, "docs/dependencies.md")
	var wanted []string
	direct := false
	for line := range strings.Lines(read(t, "go.mod")) {
		words := strings.Fields(line)
		switch {
		case line == "require (\n":
			direct = true
		case line == ")\n":
			direct = false
		case direct && len(words) >= 2 && !strings.HasSuffix(strings.TrimSpace(line), "// indirect"):
			wanted = append(wanted, "| `"+words[0]+"` | "+words[1]+" |")
		}
	}
	if len(wanted) == 0 {
		t.Fatal("go.mod asks for no module")
	}
	for _, row := range wanted {
		if !strings.Contains(page, row) {
			t.Errorf("docs/dependencies.md has no row %s", row)
		}
	}
	if rows := strings.Count(page, "\n| `"); rows != len(wanted) {
		t.Errorf("docs/dependencies.md has %d rows, go.mod asks for %d modules", rows, len(wanted))
	}
}

// Nothing names the host of a package registry: which one is used is the
// machine's own affair.
func TestNoRegistryIsNamed(t *testing.T) {
	hosts := []string{"pypi" + ".org", "pythonhosted" + ".org", "proxy.golang" + ".org", "sum.golang" + ".org", "registry.npmjs" + ".org", "deb.debian" + ".org"}
	files(t, func(path, text string) {
		for _, host := range hosts {
			if strings.Contains(text, host) {
				t.Errorf("%s names %s", path, host)
			}
		}
	})
}
