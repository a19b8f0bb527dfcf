package policy

import (
	"os"
	"path/filepath"
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
