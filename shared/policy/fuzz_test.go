package policy

import (
	"os"
	"strings"
	"testing"

	"github.com/gander-images/gander/shared/caller"
)

// people are well-formed callers, by all that a token can say and leave out.
var people = []caller.Caller{
	{},
	{UserID: "u1", ProjectID: "p1", Roles: []string{"member", "reader"}, IsAdminProject: true},
	{UserID: "u1", UserDomainID: "d", ProjectID: "p1", ProjectDomainID: "d", Roles: []string{"Admin"}, Service: caller.Service{UserID: "nova", Roles: []string{"service"}}},
	{UserID: "u1", DomainID: "d", Roles: []string{"reader"}},
	{UserID: "u1", SystemScope: "all", Roles: []string{"admin"}},
}

// things are targets as images, definitions, keys and callers give them; every
// property has a text, and any key may be there.
var things = []Target{
	Attributes{},
	Attributes{"project_id": nil, "owner": nil, "member_id": nil, "visibility": "private", "size": nil, "min_disk": 0, "min_ram": 5, "protected": false, "tags": []string{}, "x": "é"},
	everyText{},
}

// everyText is a target that has a text under every key.
type everyText struct{}

func (everyText) Attribute(key string) (any, bool) {
	switch key {
	case "min_disk", "min_ram":
		return int64(7), true
	case "size", "virtual_size":
		return int64(1 << 40), true
	case "tags":
		return []string{"a", "it's"}, true
	}
	return "a 'text' %(x)s", true
}

// FuzzPolicyFile holds that no file breaks reading and judging; that an Enforcer
// is made if and only if nothing is refused; that what passes never fails with an
// error, whoever asks about whatever; and that each correction passes.
func FuzzPolicyFile(f *testing.F) {
	printed, err := os.ReadFile("testdata/restricted_as_printed.txt")
	if err != nil {
		f.Fatal(err)
	}
	for _, text := range strings.Split(string(printed), "\n----\n") {
		f.Add(text)
	}
	for _, rules := range refusedRules {
		for _, r := range rules {
			f.Add(r.rule + ": " + r.text)
		}
	}
	for _, text := range []string{
		"", "[]", "{}", "a: &a [*a]", "- x", "%YAML 1.1\n---\na: b\n...\n", "{\n\t\"a\": \"b\",\n// c\n\"d\": !}", "? [a]\n: b", "<<: {a: b}", "a: |\n  role:x\n  or @\n",
		"get_image: \"rule:a\"\na: [[\"role:x\", \"'a':%(min_disk)05d\"]]", "get_image: \"%(a)s:b=c\"", "get_image: \"role:%(a(b))s and 'x':%(c)5.3r\"", "\ufeffget_image: \"\\U0001F600:%(x)s\"",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		doc := &Document{version: noVersion}
		r := reader{doc: doc, digest: newDigest(), at: map[string]int{}, meant: map[int][]pair{}}
		r.content("policy.yaml", text)
		r.correct()
		for _, mode := range []Mode{Refuse, Warn} {
			e, findings := Compile(doc, mode)
			if (e == nil) != (findings.Err() != nil) {
				t.Fatalf("%q: Enforcer %v with %v", text, e, findings)
			}
			if mode == Refuse {
				neverFails(t, e, doc)
				correctionsPass(t, doc, findings)
			}
		}
	})
}

// FuzzRule holds the same of single rules, in text form and in list form.
func FuzzRule(f *testing.F) {
	for _, rules := range refusedRules {
		for _, r := range rules {
			f.Add(strings.Trim(r.text, `"`), "role:a")
		}
	}
	for _, d := range Defaults() {
		f.Add(d.Check, "@")
	}
	f.Add("('a':'a') and 0x1:%(b)5s", "role:cloud admin")
	f.Fuzz(func(t *testing.T, text, element string) {
		doc := documentOf(map[string]any{"get_image": text, "add_image": []any{text, []any{element, "rule:get_image"}}, "other": "@"})
		e, findings := Compile(doc, Refuse)
		if (e == nil) != (findings.Err() != nil) {
			t.Fatalf("%q, %q: Enforcer %v with %v", text, element, e, findings)
		}
		neverFails(t, e, doc)
		correctionsPass(t, doc, findings)
	})
}

func neverFails(t *testing.T, e *Enforcer, doc *Document) {
	t.Helper()
	if e == nil {
		return
	}
	for _, r := range e.rules {
		r.rule.walk(func(x *expression) {
			if x.op == opRule && (x.rule == nil || x.rule.name != x.name) {
				t.Fatalf("%q passes, and refers to nothing by %q", doc.Rules(), x.text)
			}
		})
	}
	for name, value := range doc.Rules() {
		for _, who := range people {
			for _, what := range things {
				if _, err := e.Decide(Rule(name), who, what); err != nil {
					t.Fatalf("%q, %q passes and fails: %v", name, value, err)
				}
			}
		}
	}
}

// correctionsPass holds each correction of a rule against the rest of its file,
// where nothing but that rule may be refused for other reasons.
func correctionsPass(t *testing.T, doc *Document, findings Findings) {
	t.Helper()
	if doc.partial || len(doc.findings) > 0 {
		return
	}
	for _, f := range findings {
		if f.Correction == "" {
			continue
		}
		_, again := Compile(pasted(t, doc, f), Refuse)
		for _, g := range again.Refused() {
			if strings.HasPrefix(f.Correction, quote(g.Rule)+":") && !strings.Contains(g.Reason, "refers to itself") && !strings.Contains(g.Reason, "no rule") {
				t.Fatalf("%v\nis put right as %s, which is refused: %v", f, f.Correction, g)
			}
		}
	}
}
