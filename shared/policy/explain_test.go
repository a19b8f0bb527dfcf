package policy

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gander-images/gander/shared/caller"
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
