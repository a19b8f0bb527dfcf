package protect

import (
	"encoding/json"
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/policy"
)

// The answers of Glance and of Python are replayed. testdata/README.md tells how
// they are made.

// stricter are the files that Glance takes and Gander does not, by a part of
// their text, with the reason that is told.
var stricter = map[string]string{
	"[.*] # all":                   "text follows the closing bracket",
	"[ x_foo ]":                    "begins or ends with a blank",
	"admin # and nobody else":      "comments stand on lines of their own",
	"admin\n  member\n":            "a comma is missing",
	"[.*]\ncreate = admin\n  read": "a comma is missing",
	"delte":                        `there is no option "delte"`,
	"(?!x_)":                       "Go's expressions have no look-ahead",
	"= keper":                      `the policy has no rule "keper"`,
	"rule:keeper":                  "the rule is named alone",
	"keeper or role:member":        `the policy has no rule "keeper or role:member"`,
}

type recordedFile struct {
	Format  Format
	Text    string
	Allowed map[string]map[string]string // name, person: first letters of operations
}

func TestFilesMeanWhatTheyMeanToGlance(t *testing.T) {
	var files []recordedFile
	readJSON(t, "testdata/files.json", &files)
	agreed := 0
	for _, f := range files {
		rules, _, err := parseText(t, f)
		switch reason := reasonOf(f.Text); {
		case f.Allowed == nil && err == nil:
			t.Errorf("%q: Glance does not start by it, and Gander takes it", f.Text)
		case f.Allowed != nil && reason != "":
			if err == nil || !strings.Contains(err.Error(), reason) {
				t.Errorf("%q: %v, and not %q", f.Text, err, reason)
			}
		case f.Allowed != nil && err != nil:
			t.Errorf("%q: %v", f.Text, err)
		case f.Allowed != nil:
			agreed += compareFile(t, f, rules)
		}
	}
	if agreed < 1500 {
		t.Errorf("only %d answers were compared", agreed)
	}
}

func reasonOf(text string) string {
	for part, reason := range stricter {
		if strings.Contains(text, part) {
			return reason
		}
	}
	return ""
}

// glanceRules are the rules that Glance had beside its own.
var glanceRules = map[string]any{
	"keeper": "role:keeper", "keeper_or_admin": "role:admin or role:keeper", "vouched": "service_roles:service",
	"of_project": "project_id:%(project_id)s", "of_demo": "project_id:demo or 'demo':%(nothing)s",
}

func enforcer(t testing.TB, rules map[string]any) *policy.Enforcer {
	t.Helper()
	e, err := policy.New(rules)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func parseText(t *testing.T, f recordedFile) (*Rules, Faults, error) {
	return parseRules("file", f.Text, f.Format, enforcer(t, glanceRules).Has)
}

var persons = map[string]caller.Caller{
	"admin":   {Roles: []string{"admin", "member", "reader"}},
	"member":  {Roles: []string{"member", "reader"}},
	"reader":  {Roles: []string{"reader"}},
	"old":     {Roles: []string{"_member_"}},
	"keeper":  {Roles: []string{"keeper"}},
	"vouched": {Roles: []string{"reader"}, Service: caller.Service{Roles: []string{"service"}}},
	"half":    {Roles: []string{"50%"}},
	"nobody":  {},
}

// compareFile returns how many answers it compared.
func compareFile(t *testing.T, f recordedFile, rules *Rules) (n int) {
	t.Helper()
	decider := enforcer(t, glanceRules)
	for name, people := range f.Allowed {
		for who, want := range people {
			c := persons[who]
			c.UserID, c.ProjectID = who, "demo"
			got := letters(rules.For(c, decider, slog.New(slog.DiscardHandler)), name)
			if n++; got != want {
				t.Errorf("%q: %s may %q with %q; Glance says %q", f.Text, who, got, name, want)
			}
		}
	}
	return n
}

// letters are those of the operations that somebody may do: crud.
func letters(c *Caller, name string) string {
	var out strings.Builder
	for i, may := range []bool{c.MayCreate(name), c.MayRead(name), c.MayUpdate(name), c.MayDelete(name)} {
		if may {
			out.WriteByte("crud"[i])
		}
	}
	return out.String()
}

type recordedExpression struct {
	Names      []string
	Expression string
	Found      *[]int
	Plain      bool
}

// Python takes the expression, and Gander refuses it for one of these reasons.
var untold = []string{
	"Go's expressions have no ", "flags such as (?i)", "knows ASCII letters alone", "a closing bracket outside of a set", "Go does not take the expression",
	"in a set", "begins a number in base 8", "means nothing, or another thing",
}

func TestExpressionsFindWhatPythonFinds(t *testing.T) {
	var all []recordedExpression
	readJSON(t, "testdata/expressions.json", &all)
	names, compared := all[0].Names, 0
	for _, e := range all[1:] {
		matches, err := compile(e.Expression)
		switch {
		case e.Found == nil && err == nil && e.Expression != `\Aa\z`: // which newer Pythons take
			t.Errorf("%q: Python does not take it, and Gander does", e.Expression)
		case e.Found == nil:
		case err != nil && (e.Plain || !hasAny(err.Error(), untold)):
			t.Errorf("%q: %v", e.Expression, err)
		case err == nil:
			compared++
			compareFound(t, e.Expression, matches, names, *e.Found)
		}
	}
	if compared < 400 {
		t.Errorf("only %d expressions were compared", compared)
	}
}

func compareFound(t *testing.T, expression string, matches matcher, names []string, found []int) {
	t.Helper()
	want := map[int]bool{}
	for _, i := range found {
		want[i] = true
	}
	for i, name := range names {
		if got := matches(name); got != want[i] {
			t.Errorf("%q in %q: %t, and Python says %t", expression, name, got, want[i])
		}
	}
}

func hasAny(text string, parts []string) bool {
	for _, p := range parts {
		if strings.Contains(text, p) {
			return true
		}
	}
	return false
}

func readJSON(t *testing.T, file string, into any) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(content, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}
