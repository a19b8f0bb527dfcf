package policy

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// folder writes files, named as in the map, and returns where they are.
func folder(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func readText(t testing.TB, text string) (*Document, Findings) {
	t.Helper()
	return Read(filepath.Join(folder(t, map[string]string{"policy.yaml": text}), "policy.yaml"))
}

func TestPolicyFileIsRead(t *testing.T) {
	for text, want := range map[string]map[string]any{
		"":                              {},
		"{}":                            {},
		"[]":                            {},
		"# only a comment\n":            {},
		"a: role:x":                     {"a": "role:x"},
		`"a": ""`:                       {"a": ""},
		`a: "!"`:                        {"a": "!"},
		"a: []":                         {"a": []any{}},
		"a: [[role:x, '@'], b]":         {"a": []any{[]any{"role:x", "@"}, "b"}},
		`{"a": "@",}`:                   {"a": "@"},
		"\ufeffa: role:x\r\nb: '@'\r\n": {"a": "role:x", "b": "@"},
		"a: &x [role:x]\nb: *x":         {"a": []any{"role:x"}, "b": []any{"role:x"}},
		"a: >-\n  role:x or\n  role:y":  {"a": "role:x or role:y"},
		"%YAML 1.1\n---\na: role:x\n":   {"a": "role:x"},
		"a: 0o7\nb: 1e3\nc: nO\nd: 08":  {"a": "0o7", "b": "1e3", "c": "nO", "d": "08"},
		"a: !!str 5":                    {"a": "5"},
	} {
		doc, findings := readText(t, text)
		if diff := cmp.Diff(want, doc.Rules()); diff != "" || len(findings) > 0 {
			t.Errorf("%q: %v, %s", text, findings, diff)
		}
	}
}

func TestLaterFilesWin(t *testing.T) {
	dir := folder(t, map[string]string{
		"policy.yaml":      "a: role:main\nb: role:main\nc: role:main\n",
		"policy.d/20.json": `{"b": "role:second"}`,
		"policy.d/10.conf": "a: role:first\nb: role:first\n",
		"policy.d/.hidden": "a: role:hidden\n",
		"policy.d/deep/x":  "a: role:deep\n",
		"policy.d/30.yaml": "# nothing\n",
		"elsewhere":        "d: role:linked\n",
	})
	at := func(name string) string { return filepath.Join(dir, name) }
	if err := os.Symlink(at("elsewhere"), at("policy.d/40.yaml")); err != nil {
		t.Fatal(err)
	}
	doc, findings := Read(at("policy.yaml"), at("policy.d"))
	want := map[string]any{"a": "role:first", "b": "role:second", "c": "role:main", "d": "role:linked"}
	if diff := cmp.Diff(want, doc.Rules()); diff != "" || len(findings) > 0 {
		t.Errorf("%v %s", findings, diff)
	}
	files := []string{at("policy.yaml"), at("policy.d/10.conf"), at("policy.d/20.json"), at("policy.d/30.yaml"), at("policy.d/40.yaml")}
	if diff := cmp.Diff(files, doc.Files()); diff != "" {
		t.Error(diff)
	}
	if other, _ := Read(at("policy.d"), at("policy.yaml")); other.Rules()["a"] != "role:main" || other.Version() == doc.Version() {
		t.Errorf("the order makes no difference: %v, version %s", other.Rules(), other.Version())
	}
	same, _ := Read(at("policy.yaml"), at("policy.d"))
	if none, findings := Read(); none.Version() != "defaults" || len(findings) > 0 || same.Version() != doc.Version() || len(doc.Version()) != 12 {
		t.Errorf("versions %s, %s and %s; %v", doc.Version(), same.Version(), none.Version(), findings)
	}
	// A copy that an editor left behind counts, and is told.
	dir = folder(t, map[string]string{"policy.yaml": "get_image: role:new\n", "policy.yaml~": "get_image: role:old\n"})
	doc, _ = Read(dir)
	e, findings := Compile(doc, Refuse)
	if e == nil || doc.Rules()["get_image"] != "role:old" || len(findings) != 1 || findings[0].File != filepath.Join(dir, "policy.yaml~") {
		t.Errorf("%v %v", doc.Rules(), findings)
	}
	// What an earlier file says is judged no more, unless nobody could load it.
	dir = folder(t, map[string]string{"1": "get_image: no\nadd_image: 5\n", "2": "get_image: role:x\nadd_image: role:x\n"})
	doc, _ = Read(dir)
	if _, findings := Compile(doc, Warn); len(findings) != 1 || findings[0].Rule != "add_image" || findings[0].Line != 2 || filepath.Base(findings[0].File) != "1" || !findings[0].Refused {
		t.Errorf("%v", findings)
	}
}

// Files that oslo.policy cannot load, and what is told about them: line, reason,
// and what to write.
func TestFilesThatCannotBeRead(t *testing.T) {
	for _, c := range []struct {
		text string
		want Findings
	}{
		{"a: role:x\nb: role:y\xff\n", Findings{{Line: 2, Reason: "the text is not UTF-8"}}},
		{"a: \x01", Findings{{Line: 1, Rule: "a", Reason: "YAML cannot read it: control characters"}}},
		{"a: role:x\n---\nb: role:y\n", Findings{{Reason: "more than one document"}}},
		{"\"get_image\": \"role:x\",\n\"add_image\": \"role:y\"\n", Findings{{Line: 1, Rule: "get_image", Reason: "a comma ends it, as in JSON", Correction: `"get_image": "role:x"`}}},
		{"- a: role:x\n", Findings{{Line: 1, Reason: "it is a list"}}},
		{"role", Findings{{Line: 1, Reason: "it is no rule: a name, a colon, a blank"}}},
		{"get_image:role:x", Findings{{Line: 1, Rule: "get_image", Reason: "there is no blank after the colon", Correction: `"get_image": "role:x"`}}},
		{"{\n\t\"get_image\": \"role:x\"\n}", Findings{{Line: 2, Reason: "a tab where YAML 1.1 takes nothing but blanks"}}},
		{"get_image:\t\"role:x\"", Findings{{Line: 1, Reason: "a tab where YAML 1.1 takes nothing but blanks"}}},
		{"\tget_image: role:x", Findings{{Line: 0, Reason: "YAML cannot read it: found character that cannot start any token"}}},
		{"add_image: role:x\nget_image: @\n", Findings{{Line: 2, Rule: "get_image", Reason: "the rule needs quotes around the whole of it", Correction: `"get_image": "@"`}}},
		{"get_image: %(x)s:y", Findings{{Line: 1, Rule: "get_image", Reason: "the rule needs quotes around the whole of it"}}},
		{"get_image: 'public':%(visibility)s", Findings{{Line: 1, Rule: "get_image", Reason: "the rule needs quotes", Correction: `"get_image": "'public':%(visibility)s"`}}},
		{"get_image: \"role:x\ndelete_image: role:y\n", Findings{{Line: 1, Rule: "get_image", Reason: "a quote is not closed", Correction: `"get_image": "role:x"`}}},
		{"get_image: role:x\n  and: role:y\n", Findings{{Line: 2, Reason: "YAML cannot read it: mapping values are not allowed"}}},
		{"get_image： role:x", Findings{{Line: 1, Rule: "get_image", Reason: "wide signs", Correction: `"get_image": "role:x"`}}},
		{"‘get_image’：‘role:x’", Findings{{Line: 1, Rule: "get_image", Reason: "wide signs", Correction: `"get_image": "role:x"`}}},
		{"\ufeffget_image: @\r\n", Findings{{Line: 1, Rule: "get_image", Correction: `"get_image": "@"`}}},
		{"<<: {get_image: '@'}", Findings{{Line: 1, Rule: "<<", Reason: "mappings are not merged"}}},
		{"a: *x", Findings{{Line: 1, Rule: "a", Reason: "unknown anchor"}}},
		{"{\n  // all may see\n  \"get_image\": \"role:x\"\n}", Findings{{Line: 2, Reason: "# does"}}},
		{"{\"get_image\": \"role:x\" // all may see\n}", Findings{{Line: 1, Rule: "get_image", Reason: "# does", Correction: `"get_image": "role:x"`}}},
		{"{\"a\": \"role:x\",\n\"b\": !,\n\"c\": \"role:y\"\n}", Findings{{Line: 2, Reason: "YAML cannot read it"}}},
		{"get_image: @\nadd_image: 'x':%(y)s\nb: role:x\n", Findings{{Line: 1, Rule: "get_image"}, {Line: 2, Rule: "add_image"}}},
	} {
		doc, read := readText(t, c.text)
		for _, mode := range []Mode{Refuse, Warn} {
			e, findings := Compile(doc, mode)
			if e != nil {
				t.Errorf("%q makes an Enforcer in mode %d", c.text, mode)
			}
			for _, w := range c.want {
				if !w.isAmong(findings) || len(read) == 0 && w.Rule != "<<" {
					t.Errorf("%q: nothing is as %+v in mode %d:\n%v", c.text, w, mode, findings)
				}
			}
		}
	}
}

// isAmong reports whether one of the findings is as wanted, and refused.
func (f Finding) isAmong(findings Findings) bool {
	return slices.ContainsFunc(findings, func(g Finding) bool {
		return g.Refused && g.Line == f.Line && g.Rule == f.Rule && strings.Contains(g.Reason, f.Reason) && (f.Correction == "" || g.Correction == f.Correction)
	})
}

// A file that cannot be read hides no fault of another, and none is made up for
// rules that it may have.
func TestPathsThatCannotBeRead(t *testing.T) {
	dir := folder(t, map[string]string{"well": "get_image: rule:of_another\nadd_image: no\nstray: '@'\n", "large": strings.Repeat("#", maxFileLen+1)})
	for path, reason := range map[string]string{
		filepath.Join(dir, "absent"): "no such file",
		filepath.Join(dir, "large"):  "more than 1048576 bytes",
		os.DevNull:                   "no plain file",
		"":                           "no such file",
	} {
		doc, read := Read(filepath.Join(dir, "well"), path)
		_, findings := Compile(doc, Refuse)
		if len(read) != 1 || len(findings) != 2 {
			t.Errorf("%s: %v", path, findings)
		}
		if missing := (Finding{File: path, Reason: reason}); !missing.isAmong(findings) {
			t.Errorf("%s: %v", path, findings)
		}
		if e, _ := Compile(doc, Warn); e != nil {
			t.Errorf("%s: the rules are in force without it", path)
		}
	}
}

// A folder that nothing was put into is told: what was meant is not in force.
func TestFolderWithoutFiles(t *testing.T) {
	dir := folder(t, map[string]string{".hidden": "get_image: '!'\n", "deep/x": "get_image: '!'\n"})
	doc, _ := Read(dir)
	e, findings := Compile(doc, Refuse)
	if e == nil || len(findings) != 1 || findings[0].File != dir || !strings.Contains(findings[0].Reason, "no policy file in it") {
		t.Errorf("%v", findings)
	}
}

// Aliases that stand for more than anybody writes take no time and no memory.
func TestAliasesAreBounded(t *testing.T) {
	text := "a: &a0 ['@']\n"
	for i := range 30 {
		text += fmt.Sprintf("b%d: &a%d [*a%d, *a%d, *a%d]\n", i, i+1, i, i, i)
	}
	doc, _ := readText(t, text)
	if _, findings := Compile(doc, Warn); !(Finding{Line: 31, Rule: "b29", Reason: "more than any rule has"}).isAmong(findings) {
		t.Errorf("%.2000v", findings)
	}
}
