package policy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func load(t *testing.T, text string) (map[string]any, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return Load(path)
}

func TestPolicyFileIsRead(t *testing.T) {
	for text, want := range map[string]map[string]any{
		"":                      {},
		"{}":                    {},
		"[]":                    {},
		"# only a comment\n":    {},
		"a: role:x":             {"a": "role:x"},
		`"a": ""`:               {"a": ""},
		`a: "!"`:                {"a": "!"},
		"a: []":                 {"a": []any{}},
		"a: [[role:x, '@'], b]": {"a": []any{[]any{"role:x", "@"}, "b"}},
		`{"a": "@",}`:           {"a": "@"},
	} {
		got, err := load(t, text)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%q: %v, %s", text, err, diff)
		}
	}
}

func TestPolicyFileThatWouldAllowByASlipIsRefused(t *testing.T) {
	for _, text := range []string{
		"a: !", "a:", "a: ~", "a: null", "a: no", "a: Off", "a: false", "a: 0", "a: true", "a: 5", "a: 2001-01-01", "a: {}", "a: {b: c}", "a: [5]", "a: &x [*x]", "<<: {a: b}", "a: [[null]]",
		"a: @", "a: %(x)s:y", "a: 'x':y", "a: role:x\na: role:y", "a: role:x\n---\nb: role:y", "a: 5:5", "a: role:x\nb", "[a]", "text", "a: \xff",
	} {
		if rules, err := load(t, text); err == nil {
			t.Errorf("%q is taken as %v", text, rules)
		}
	}
	_, err := load(t, "ok: '@'\none: !\ntwo: no\n")
	for _, want := range []string{"policy.yaml", `line 2, rule "one"`, `line 3, rule "two"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not tell %q: %v", want, err)
		}
	}
}
