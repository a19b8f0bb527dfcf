package policy

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/problem"
)

// drawing writes a tree in one line: "(or role:admin=false [rule:a=true @=true])".
// Brackets hold a rule, a tilde marks what was skipped, a question mark what is
// hidden.
func drawing(n *Node) string {
	text := n.Check + "=" + string(n.Result)
	if n.Result == ResultHidden {
		text = n.Check + "=?"
	}
	if n.Skipped {
		text = "~" + text
	}
	if len(n.Children) == 0 {
		return text
	}
	children := make([]string, len(n.Children))
	for i, child := range n.Children {
		children[i] = drawing(child)
	}
	if n.op == opRule {
		return "[" + text + " " + strings.Join(children, " ") + "]"
	}
	return "(" + text + " " + strings.Join(children, " ") + ")"
}

// warned returns an Enforcer of rules that New might refuse.
func warned(t *testing.T, rules map[string]any) *Enforcer {
	t.Helper()
	e, findings := Compile(documentOf(rules), Warn)
	if e == nil {
		t.Fatal(findings)
	}
	return e
}

func TestExplanations(t *testing.T) {
	reader := caller.Caller{UserID: "u1", ProjectID: "p1", Roles: []string{"reader"}, IsAdminProject: true}
	target := Attributes{"project_id": "p1", "owner": nil, "kind": "x"}
	rules := map[string]any{"own": "project_id:%(project_id)s", "deep": "rule:own and rule:own", "bad": "a..b:x", "list": []any{[]any{"role:a", "role:<b>"}, "@"}}
	for text, want := range map[string]string{
		"":                                      "@=true",
		"!":                                     "!=false",
		"word":                                  "word=false",
		"not word":                              "(not=true word=false)",
		"role:admin or rule:own":                "(or=true role:admin=false [rule:own=true project_id:%(project_id)s=true])",
		"rule:deep":                             "[rule:deep=true (and=true [rule:own=true project_id:%(project_id)s=true] [rule:own=true project_id:%(project_id)s=true])]",
		"role:admin and role:reader":            "(and=false role:admin=false ~role:reader=true)",
		"role:reader or (role:x and role:y)":    "(or=true role:reader=true (~and=false ~role:x=false ~role:y=false))",
		"project_id:%(none)s":                   "project_id:%(none)s=missing",
		"role:%(none)s or not 'a':%(none)s":     "(or=true role:%(none)s=missing (not=true 'a':%(none)s=missing))",
		"domain_id:d or is_admin:True":          "(or=false domain_id:d=missing is_admin:True=missing)",
		"service_roles:service":                 "service_roles:service=false",
		"project_id:%(owner)s":                  "project_id:%(owner)s=false",
		"@ or a..b:x":                           "(or=true @=true ~a..b:x=error)",
		"! and a..b:x":                          "(and=false !=false ~a..b:x=error)",
		"a..b:x or @":                           "(or=error a..b:x=error ~@=true)",
		"not rule:bad":                          "(not=error [rule:bad=error a..b:x=error])",
		"rule:list":                             "[rule:list=true (or=true (and=false role:a=false ~role:<b>=false) @=true)]",
		"user_id:%(kind)5d or 'x':%(kind)s":     "(or=error user_id:%(kind)5d=error ~'x':%(kind)s=true)",
		"role:reader and (role:a or 'x':y or z": "!=false",
	} {
		rules["delete_image"] = text
		x, err := warned(t, rules).Explain(DeleteImage, reader, target)
		if err != nil || drawing(x.Tree) != want || x.Text != text || x.Rule != DeleteImage {
			t.Errorf("%q: got %v %s, want %s", text, err, drawing(x.Tree), want)
		}
		if wrong := (x.Err != nil) != (x.Tree.Result == ResultError); wrong || x.Allowed != (x.Tree.Result == ResultTrue) {
			t.Errorf("%q: allowed %v, %v", text, x.Allowed, x.Err)
		}
	}
	if x, err := warned(t, rules).Explain("list", reader, target); err != nil || x.Text != `[["role:a","role:<b>"],"@"]` {
		t.Errorf("the text of a list is %s, %v", x.Text, err)
	}
	if _, err := enforcer(t, nil).Explain("no_such", reader, target); err == nil {
		t.Error("an unknown rule is explained")
	}
}

// A token of the wrong scope is refused before the rule is asked, and both is seen.
func TestScopeIsExplained(t *testing.T) {
	system := caller.Caller{UserID: "u1", Roles: []string{"admin"}, SystemScope: "all"}
	x, err := enforcer(t, nil).Explain(PublicizeImage, system, Attributes{})
	const want = "(and=false scope_types: project=false [~rule:context_is_admin=true ~role:admin=true])"
	if err != nil || x.Allowed || drawing(x.Tree) != want {
		t.Errorf("got %v %v, %s", x.Allowed, err, drawing(x.Tree))
	}
	// Of rules that others refer to, the scope does not count.
	if x, _ = warned(t, map[string]any{"r": "rule:publicize_image"}).Explain("r", system, Attributes{}); !x.Allowed {
		t.Errorf("got %s", drawing(x.Tree))
	}
}

// Circles are refused at load, unless they are to be warned of alone.
func TestCirclesAreExplained(t *testing.T) {
	for text, want := range map[string]string{
		"rule:r":         "rule:r=error",
		"@ or rule:r":    "(or=true @=true ~rule:r=true)",
		"not rule:other": "(not=error [rule:other=error rule:r=error])",
	} {
		rules, err := ParseRules(map[string]any{"r": text, "other": "rule:r"})
		if err != nil {
			t.Fatal(err)
		}
		x, err := (&Enforcer{rules: rules.set}).Explain("r", member, Attributes{})
		if err != nil || drawing(x.Tree) != want {
			t.Errorf("%q: got %v %s", text, err, drawing(x.Tree))
		}
	}
}

// What a circle would read is hidden where the tree leaves it out, too.
func TestHiddenCircles(t *testing.T) {
	rules, err := ParseRules(map[string]any{"s": "'x':%(code)s and rule:s"})
	if err != nil {
		t.Fatal(err)
	}
	x, err := (&Enforcer{rules: rules.set}).Explain("s", member, Attributes{"code": "y"})
	x.Hide(func(key string) bool { return key == "code" })
	if want := "(and=? 'x':%(code)s=? rule:s=?)"; err != nil || drawing(x.Tree) != want {
		t.Errorf("got %v %s, want %s", err, drawing(x.Tree), want)
	}
}

func TestExplanationsAreBounded(t *testing.T) {
	rules := map[string]any{"r0": "role:x or rule:r1"}
	for i := range 14 {
		next := "rule:r" + string(rune('b'+i))
		rules["r"+string(rune('a'+i))] = next + " or " + next
	}
	rules["ro"] = "!"
	rules["r1"] = "rule:ra"
	x, err := warned(t, rules).Explain("r0", member, Attributes{})
	if count := strings.Count(drawing(x.Tree), "="); err != nil || x.Allowed || count < 100 || count > maxTree+50 {
		t.Errorf("%d nodes, %v", count, err)
	}
}

// drawRule draws a rule of checks that are true, false, missing and broken.
func drawRule(t *rapid.T, depth int) string {
	switch kind := rapid.IntRange(0, 8).Draw(t, "kind"); {
	case depth > 0 && kind < 3:
		return "(" + drawRule(t, depth-1) + " and " + drawRule(t, depth-1) + ")"
	case depth > 0 && kind < 6:
		return "(" + drawRule(t, depth-1) + " or " + drawRule(t, depth-1) + ")"
	case depth > 0 && kind == 6:
		return "not " + drawRule(t, depth-1)
	}
	return rapid.SampledFrom([]string{
		"@", "!", "word", "role:member", "role:admin", "role:%(k)s", "rule:a", "rule:b", "rule:context_is_admin", "rule:none", "http://x",
		"user_id:%(k)s", "project_id:%(project_id)s", "'x':%(k)s", "None:%(k)s", "a..b:x", "roles.x:y", "user_id.x:y", "%:%", "level:%(k)d", "system:all", "service_roles:%(k)s",
	}).Draw(t, "check")
}

func drawCaller(t *rapid.T) caller.Caller {
	text := rapid.SampledFrom([]string{"", "x", "p1", "all"})
	roles := rapid.SliceOfN(rapid.SampledFrom([]string{"member", "admin", "x", "Reader"}), 0, 2)
	c := caller.Caller{UserID: text.Draw(t, "user"), ProjectID: text.Draw(t, "project"), Roles: roles.Draw(t, "roles")}
	if rapid.Bool().Draw(t, "system") {
		c.SystemScope = text.Draw(t, "scope")
	}
	c.Service.Roles = roles.Draw(t, "service roles")
	return c
}

// What an explanation says is what is decided, and its tree accounts for it.
func TestExplanationsAreDecisions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rules := map[string]any{"a": drawRule(t, 2), "b": drawRule(t, 1), "delete_image": drawRule(t, 4)}
		parsed, err := ParseRules(rules)
		if err != nil {
			t.Fatal(err)
		}
		if rapid.Bool().Draw(t, "scoped") {
			parsed.Restrict("delete_image", ScopeProject)
		}
		e := &Enforcer{rules: parsed.set}
		target := Attributes{}
		if rapid.Bool().Draw(t, "has k") {
			target["k"] = rapid.SampledFrom([]any{"x", "member", nil, 5, true}).Draw(t, "k")
		}
		c := drawCaller(t)
		allowed, failed := e.Decide(DeleteImage, c, target)
		x, err := e.Explain(DeleteImage, c, target)
		if err != nil || x.Allowed != allowed || (x.Err == nil) != (failed == nil) {
			t.Fatalf("%v: decided %v, %v; explained %v, %v, %v", rules, allowed, failed, x.Allowed, x.Err, err)
		}
		got, counted := account(t, x.Tree)
		if (got == ResultTrue) != allowed || (got == ResultError) != (failed != nil) || !counted {
			t.Fatalf("%v: decided %v, %v; the tree comes to %s: %s", rules, allowed, failed, got, drawing(x.Tree))
		}
	})
}

// account works out what a part comes to from what was reached below it, and
// reports whether the part itself was.
func account(t *rapid.T, n *Node) (Result, bool) {
	if len(n.Children) == 0 {
		return n.Result, !n.Skipped
	}
	come := ResultTrue
	if n.op == opOr {
		come = ResultFalse
	}
	settled := false
	for _, child := range n.Children {
		result, reached := account(t, child)
		if reached != (!n.Skipped && !settled) {
			t.Fatalf("%q is reached: %v, within %s", child.Check, reached, drawing(n))
		}
		if settled {
			continue
		}
		switch come = result; {
		case result == ResultError:
			settled = true
		case n.op == opOr:
			settled = result == ResultTrue
		case n.op == opAnd:
			settled = result != ResultTrue
		case n.op == opNot && result == ResultTrue:
			come = ResultFalse
		case n.op == opNot:
			come = ResultTrue
		}
	}
	if come == ResultMissing {
		come = ResultFalse
	}
	if come != n.Result {
		t.Fatalf("%s is %s below", drawing(n), come)
	}
	return come, !n.Skipped
}

func TestHiddenValues(t *testing.T) {
	secret := func(key string) bool { return key == "code" }
	for text, want := range map[string]string{
		"'x':%(code)s":                              "'x':%(code)s=?",
		"not 'x':%(code)s":                          "(not=? 'x':%(code)s=?)",
		"role:member and 'x':%(code)s":              "(and=? role:member=true 'x':%(code)s=?)",
		"role:admin and 'x':%(code)s":               "(and=false role:admin=false ~'x':%(code)s=?)",
		"role:member or 'x':%(code)s":               "(or=true role:member=true ~'x':%(code)s=?)",
		"'x':%(code)s and ! and @":                  "(and=? 'x':%(code)s=? !=false ~@=true)",
		"'y':%(code)s and @ and @":                  "(and=? 'y':%(code)s=? @=true @=true)", // false and true look alike
		"'x':%(code)s and @ and @":                  "(and=? 'x':%(code)s=? @=true @=true)",
		"rule:coded or @":                           "(or=? [rule:coded=? 'x':%(code)s=?] @=true)",
		"role:%(code)s or user_id:%(a)s%(code)s":    "(or=? role:%(code)s=? user_id:%(a)s%(code)s=?)",
		"'x':%(code)d or 'x':%(other)s":             "(or=? 'x':%(code)d=? 'x':%(other)s=missing)",
		"project_id:%(project_id)s and role:member": "(and=true project_id:%(project_id)s=true role:member=true)",
	} {
		e := warned(t, map[string]any{"r": text, "coded": "'x':%(code)s"})
		x, err := e.Explain("r", member, Attributes{"code": "x", "project_id": "p1", "a": "u"})
		if err != nil {
			t.Fatal(err)
		}
		hidden := x.Hide(secret)
		if drawing(x.Tree) != want || hidden != strings.Contains(strings.SplitN(want, " ", 2)[0], "?") {
			t.Errorf("%q: got %v %s, want %s", text, hidden, drawing(x.Tree), want)
		}
	}
}

// Whatever the hidden value is, what is shown is the same.
func TestHiddenValuesCannotBeTold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rules, err := ParseRules(map[string]any{"a": drawRule(t, 2), "b": drawRule(t, 1), "r": drawRule(t, 3)})
		if err != nil {
			t.Fatal(err)
		}
		e, c := &Enforcer{rules: rules.set}, drawCaller(t)
		var shown []string
		for _, target := range []Attributes{{}, {"k": "x"}, {"k": "member"}, {"k": nil}, {"k": 5}} {
			x, err := e.Explain("r", c, target)
			if err != nil {
				t.Fatal(err)
			}
			x.Hide(func(key string) bool { return key == "k" })
			shown = append(shown, drawing(x.Tree))
			if shown[0] != drawing(x.Tree) {
				t.Fatalf("without a value %s\nwith %v %s", shown[0], target, drawing(x.Tree))
			}
		}
	})
}

func TestDenials(t *testing.T) {
	target := Attributes{"project_id": "theirs", "visibility": "secretly", "name": "a name"}
	e := warned(t, map[string]any{
		"upload_image": "not role:member or role:admin or (role:admin and role:other) or role:%(none)s", "get_image": "!", "modify_image": "rule:upload_image and @",
	})
	for rule, want := range map[Rule][]string{
		DeleteImage: {"delete_image: role:admin=false, project_id:%(project_id)s=false", "get_image: !=false"},
		UploadImage: {"upload_image: not role:member=false, role:admin=false, role:%(none)s=missing", "get_image: !=false"},
		ModifyImage: {"modify_image: not role:member=false, role:admin=false, role:%(none)s=missing", "get_image: !=false"},
		GetImage:    {"get_image: !=false"},
	} {
		_, err := AuthorizeImage(e, rule, member, target)
		var d *Denial
		if !errors.As(err, &d) || !problem.Is(err, problem.NotFound) || strings.Join(d.Checks, "|") != strings.Join(want, "|") {
			t.Errorf("%s: got %v", rule, err)
		}
		if _, message := problem.Status(err); message != "" {
			t.Errorf("%s: the caller is told %q", rule, message)
		}
	}
	_, err := enforcer(t, nil).Authorize(PublicizeImage, caller.Caller{SystemScope: "all", Roles: []string{"admin"}}, target)
	if d := new(Denial); !errors.As(err, &d) || d.Error() != "publicize_image: scope_types: project=false" {
		t.Errorf("got %v", err)
	}
	var roles []string
	for i := range 50 {
		roles = append(roles, fmt.Sprintf("role:r%d or role:r%d", i, i))
	}
	many := warned(t, map[string]any{"r": strings.Join(roles, " or ")})
	_, err = many.Authorize("r", member, target)
	if d := new(Denial); !errors.As(err, &d) || strings.Count(d.Error(), "=false") != maxFailing || !strings.HasSuffix(d.Error(), ", ...") {
		t.Errorf("got %v", err)
	}
}
