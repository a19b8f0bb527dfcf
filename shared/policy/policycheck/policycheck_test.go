package policycheck

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// folder puts files into a folder and returns where it is.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// run runs the command; files in its arguments begin with a dot and a slash. What
// it prints names them so.
func run(dir string, args ...string) (code int, stdout, stderr string) {
	var out, errs strings.Builder
	for i := range args {
		args[i] = strings.ReplaceAll(args[i], "./", dir+"/")
	}
	code = Run(args, &out, &errs)
	return code, strings.ReplaceAll(out.String(), dir+"/", "./"), strings.ReplaceAll(errs.String(), dir+"/", "./")
}

func TestJudge(t *testing.T) {
	dir := folder(t, map[string]string{
		"good.yaml":  "keeper: 'role:keeper'\ndelete_image: 'rule:keeper'\n",
		"more.json":  `{"delete_image": "role:other or rule:keeper"}`,
		"wrong.yaml": "modify_image: '@'\nget_image: 'rule:nobody'\ndelete_image: 'rule:keepr'\n",
	})
	for _, c := range []struct {
		files string
		code  int
		says  []string
	}{
		{"./good.yaml", 0, []string{"rules: 2, files: 1, refused: 0"}},
		{"./good.yaml,./more.json", 0, []string{"rules: 2, files: 2, refused: 0"}},
		{"./wrong.yaml", 1, []string{"./wrong.yaml:2: rule \"get_image\"", "nobody", "./wrong.yaml:3: rule \"delete_image\"", "keepr", "refused: 2, warnings: 0"}},
		{"./none.yaml", 1, []string{"./none.yaml: it cannot be read", "refused: 1"}},
	} {
		code, stdout, stderr := run(dir, "-file", c.files)
		if code != c.code || stderr != "" {
			t.Errorf("%s: exit %d, %s", c.files, code, stderr)
		}
		for _, text := range c.says {
			if !strings.Contains(stdout, text) {
				t.Errorf("%s: does not say %q: %s", c.files, text, stdout)
			}
		}
	}
}

func TestExplain(t *testing.T) {
	dir := folder(t, map[string]string{
		"policy.yaml": "keeper: 'role:keeper and not project_id:%(project_id)s'\ndelete_image: 'rule:context_is_admin or rule:keeper'\n",
		"wrong.yaml":  "get_image: 'rule:nobody'\n",
		"number.yaml": "get_image: \"'00020':%(min_disk)05d\"\n",
		"text.json":   `{"min_disk":"large"}`,
		"keeper.json": `{"user_id":"u","project_id":"p1","roles":["Keeper"],"service_roles":["service"],"system_scope":null}`,
		"system.json": `{"roles":["admin"],"system_scope":"all"}`,
		"typo.json":   `{"role":["admin"]}`,
		"two.json":    `{} {}`,
		"their.json":  `{"project_id":"p2"}`,
		"ours.json":   `{"project_id":"p1"}`,
	})
	for line, want := range map[string]struct {
		code           int
		stdout, stderr string
	}{
		"-file ./policy.yaml -rule delete_image -caller ./keeper.json -target ./their.json": {0, `delete_image: allowed
"rule:context_is_admin or rule:keeper"
true    or
false     rule:context_is_admin
false       role:admin
true      rule:keeper
true        and
true          role:keeper
true          not
false           project_id:%(project_id)s
`, ""},
		"-file ./policy.yaml -rule keeper -caller ./keeper.json": {0, `keeper: allowed
"role:keeper and not project_id:%(project_id)s"
true    and
true      role:keeper
true      not
missing     project_id:%(project_id)s
`, ""},
		"-file ./policy.yaml -rule keeper -caller ./keeper.json -target ./ours.json": {1, `keeper: denied
"role:keeper and not project_id:%(project_id)s"
false   and
true      role:keeper
false     not
true        project_id:%(project_id)s
`, ""},
		"-rule publicize_image -caller ./system.json": {1, `publicize_image: denied
"rule:context_is_admin"
false   and
false     scope_types: project
true      rule:context_is_admin (skipped)
true        role:admin (skipped)
`, ""},
		"-file ./number.yaml -rule get_image -caller ./keeper.json -target ./text.json": {2, `get_image: error
"'00020':%(min_disk)05d"
error   '00020':%(min_disk)05d
`, `rule "get_image": `},
		"-file ./policy.yaml -rule no_such -caller ./keeper.json":    {2, "", `there is no rule "no_such"`},
		"-file ./wrong.yaml -rule get_image -caller ./keeper.json":   {2, "", "nobody"},
		"-rule get_image -caller ./typo.json":                        {2, "", `unknown field "role"`},
		"-rule get_image -caller ./two.json":                         {2, "", "something follows the JSON value"},
		"-rule get_image -caller ./none.json":                        {2, "", "no such file"},
		"-rule get_image":                                            {2, "", "-rule and -caller go together"},
		"-file ./policy.yaml -target ./ours.json":                    {2, "", "-rule and -caller go together"},
		"-rule get_image -caller ./keeper.json -cases ./keeper.json": {2, "", "-cases says itself"},
		"":                        {2, "", "nothing to check"},
		"-file ./policy.yaml now": {2, "", `"now" is no flag`},
		"-fil ./policy.yaml":      {2, "", "not defined: -fil"},
		"-help":                   {0, usage, ""},
	} {
		code, stdout, stderr := run(dir, strings.Fields(line)...)
		if code != want.code || stdout != want.stdout || (want.stderr == "") != (stderr == "") || !strings.Contains(stderr, want.stderr) {
			t.Errorf("%s: exit %d\n%s%s", line, code, stdout, stderr)
		}
	}
}

func TestCases(t *testing.T) {
	dir := folder(t, map[string]string{
		"policy.yaml": "delete_image: 'role:keeper'\nquirk: 'not keeper'\n",
		"agree.json": `[
			{"name": "own rules are the whole policy", "rules": {"r": "rule:get_image", "default": "!"}, "rule": "r", "creds": {"roles": ["admin"]}, "target": {}, "expect": false},
			{"name": "list form", "rules": {"r": [["role:a", "role:b"], ["role:c"]]}, "rule": "r", "creds": {"roles": ["C"]}, "expect": true},
			{"name": "no rules", "rules": {}, "rule": "r", "expect": false},
			{"name": "not loaded", "rules": {"r": true}, "rule": "r", "expect": "error"},
			{"name": "null equals null", "rules": {"r": "p:%(o)s"}, "rule": "r", "creds": {"p": null}, "target": {"o": null}, "expect": true},
			{"name": "numbers as written", "rules": {"r": "n:%(n)s"}, "rule": "r", "creds": {"n": 1e2}, "target": {"n": 100.0}, "expect": true},
			{"name": "scopes", "rules": {"r": "@"}, "scopes": {"r": ["system"]}, "rule": "r", "creds": {"project_id": "p"}, "expect": false},
			{"name": "the file", "rule": "delete_image", "creds": {"roles": ["keeper"]}, "target": {}, "expect": true},
			{"name": "the defaults beside it", "rule": "upload_image", "creds": {"roles": ["admin"]}, "target": {}, "expect": true},
			{"name": "their scopes", "rule": "upload_image", "creds": {"roles": ["admin"], "system_scope": "all"}, "target": {}, "expect": false},
			{"name": "quirks stay", "rule": "quirk", "creds": {}, "target": {}, "expect": true},
			{"name": "unknown, so the default", "rule": "no_such", "creds": {}, "target": {}, "expect": true}
		]`,
		"differ.json": `[
			{"name": "wrong", "rule": "delete_image", "creds": {"roles": ["admin"]}, "target": {}, "expect": true},
			{"name": "right", "rule": "delete_image", "creds": {"roles": ["admin"]}, "target": {}, "expect": false},
			{"name": "no error", "rules": {"r": "@ or a..b:x"}, "rule": "r", "creds": {}, "target": {}, "expect": "error"}
		]`,
		"maybe.json":   `[{"name": "x", "rule": "get_image", "expect": "maybe"}]`,
		"nothing.json": `[{"name": "x", "expect": true}]`,
		"scope.json":   `[{"name": "x", "rule": "r", "rules": {"r": "@"}, "scopes": {"r": ["all"]}, "expect": true}]`,
		"field.json":   `[{"name": "x", "rule": "get_image", "expected": true}]`,
	})
	code, stdout, stderr := run(dir, "-file", "./policy.yaml", "-cases", "./agree.json")
	if code != 0 || !strings.HasSuffix(stdout, "12 cases, 12 agree\n") || stderr != "" {
		t.Errorf("exit %d, %s%s", code, stdout, stderr)
	}
	// What a service would not start with is told.
	if !strings.Contains(stdout, `note: own rules are the whole policy: `) && !strings.Contains(stdout, "note: not loaded: ") {
		t.Errorf("no notes: %s", stdout)
	}
	code, stdout, _ = run(dir, "-file", "./policy.yaml", "-cases", "./differ.json")
	var told []string
	for line := range strings.Lines(stdout) {
		if !strings.HasPrefix(line, "note: ") {
			told = append(told, line)
		}
	}
	const want = `wrong: rule "delete_image" is false, and true was expected
no error: rule "r" is true, and error was expected
3 cases, 1 agree
`
	if code != 1 || strings.Join(told, "") != want {
		t.Errorf("exit %d, %s", code, stdout)
	}
	for file, says := range map[string]string{
		"./maybe.json": `case 1, "x": "expect" is`, "./nothing.json": `there is no "rule" in it`, "./scope.json": `there is no scope "all"`, "./field.json": `unknown field "expected"`, "./none.json": "no such file",
	} {
		if code, _, stderr := run(dir, "-cases", file); code != 2 || !strings.Contains(stderr, says) {
			t.Errorf("%s: exit %d, %s", file, code, stderr)
		}
	}
}
