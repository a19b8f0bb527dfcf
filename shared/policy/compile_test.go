package policy

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

func TestMistakesAreRefused(t *testing.T) {
	for class, rules := range refusedRules {
		for _, want := range rules {
			doc, findings := readText(t, "# first\n"+want.rule+": "+want.text+"\n")
			if len(findings) > 0 {
				t.Errorf("%s, %s: %v", class, want.text, findings)
			}
			e, findings := Compile(doc, Refuse)
			f := want.find(t, findings)
			if e != nil || !f.Refused || f.Line != 2 || f.Rule != want.rule || filepath.Base(f.File) != "policy.yaml" {
				t.Errorf("%s, %s: %+v", class, want.text, f)
			}
			lenient, findings := Compile(doc, Warn)
			if again := want.find(t, findings); lenient == nil || again.Refused || again.Correction != f.Correction {
				t.Errorf("%s, %s: as a warning: %+v", class, want.text, again)
			}
		}
	}
}

// find returns the finding that tells what it should.
func (w told) find(t *testing.T, findings Findings) Finding {
	t.Helper()
	for _, f := range findings {
		if strings.Contains(f.Reason, w.reason) {
			w.corrects(t, f)
			return f
		}
	}
	t.Errorf("%s: %s: nothing tells %q in:\n%v", w.rule, w.text, w.reason, findings)
	return Finding{}
}

func (w told) corrects(t *testing.T, f Finding) {
	t.Helper()
	_, value, _ := strings.Cut(f.Correction, `": `)
	want := w.correction
	switch {
	case want == "-":
		want = ""
	case !strings.HasPrefix(want, "["):
		want = `"` + want + `"`
	}
	if value != want {
		t.Errorf("%s: %s: is put right as %s, want %s", w.rule, w.text, value, want)
	}
}

// Whatever is put right passes: the corrections take the place of the rules, as
// somebody would paste them.
func TestCorrectionsPass(t *testing.T) {
	corrected := 0
	for class, rules := range refusedRules {
		for _, rule := range rules {
			doc, _ := readText(t, rule.rule+": "+rule.text)
			for _, mode := range []Mode{Refuse, Warn} {
				_, findings := Compile(doc, mode)
				for _, f := range findings {
					if f.Correction == "" {
						continue
					}
					corrected++
					if _, again := Compile(pasted(t, doc, f), Refuse); again.Err() != nil {
						t.Errorf("%s: %s: put right as %s, which is refused: %v", class, rule.text, f.Correction, again)
					}
				}
			}
		}
	}
	if corrected < 150 {
		t.Errorf("%d corrections were tried", corrected)
	}
}

// pasted is the document with a correction in place of its rule.
func pasted(t *testing.T, doc *Document, f Finding) *Document {
	t.Helper()
	rules := doc.Rules()
	delete(rules, f.Rule)
	var written map[string]any
	if err := yaml.Unmarshal([]byte(f.Correction), &written); err != nil {
		t.Errorf("%s is no YAML: %v", f.Correction, err)
	}
	for name, value := range written {
		delete(rules, name)
		rules[name] = value
	}
	return documentOf(rules)
}

// What is only told: it could be meant.
func TestOdditiesAreTold(t *testing.T) {
	for _, want := range []told{
		{"get_image", `"project_id:%(tenant_id)s"`, "project_id is meant, perhaps", "project_id:%(project_id)s"},
		{"get_image", `"project_id:%(owner_id)s"`, "an image has no owner_id unless somebody gives it such a property", "project_id:%(owner)s"},
		{"get_image", `"'public':%(visibilty)s"`, "visibility is meant, perhaps", "'public':%(visibility)s"},
		{"get_image", `"user_id:%(user_id)s"`, "who created it is creator_user_id", "user_id:%(creator_user_id)s"},
		{"get_image", `"'x':%(a.b)s"`, "the dot is part of the property's name", "'x':%(a.b)s"},
		{"get_image", `"project_id:None"`, "in oslo.policy it is None", "-"},
		{"get_image", `"project_id:project_id"`, "a property is written as %(project_id)s", "project_id:%(project_id)s"},
		{"get_image", `"roles:Member"`, "has its texts in lower case", "role:Member"},
		{"get_image", `"is_admin_project:true"`, "compared with True and False", "is_admin_project:True"},
		{"get_image", `"0x10:%(x)s"`, "compared as 16", "'0x10':%(x)s"},
		{"get_image", `"'publc':%(visibility)s"`, "visibility is never publc, but community, private, public, shared", "'public':%(visibility)s"},
		{"get_image", `"'true':%(protected)s"`, "protected is never true, but False, True", "'True':%(protected)s"},
		{"get_image", `"'sold':%(status)s"`, "status is never sold", "-"},
		{"get_image", `"'a':a"`, "always true", "-"},
		{"get_image", `"20:30"`, "never true", "-"},
		{"helper", `"role:a"`, "no call asks for it, and no rule refers to it", "-"},
		{"get_task", `"role:a"`, "tasks_api_access decides about tasks", "-"},
		{"manage_image_cache", `"role:a"`, "do not follow it", "-"},
	} {
		doc, _ := readText(t, want.rule+": "+want.text)
		e, findings := Compile(doc, Refuse)
		if f := (told{want.rule, want.text, want.reason, "?"}).first(findings); e == nil || f.Refused || f.Rule != want.rule {
			t.Errorf("%s: %s: %v", want.rule, want.text, findings)
		} else if want.correction != "-" && want.correction != "'x':%(a.b)s" {
			want.corrects(t, f)
			if _, again := Compile(pasted(t, doc, f), Refuse); len(again) > 0 {
				t.Errorf("%s is not well, either: %v", f.Correction, again)
			}
		}
	}
}

func (w told) first(findings Findings) Finding {
	for _, f := range findings {
		if strings.Contains(f.Reason, w.reason) {
			return f
		}
	}
	return Finding{Refused: true}
}

// What there is nothing to say about, quirks of the language among it.
func TestNothingIsSaidOfGoodRules(t *testing.T) {
	for _, text := range []string{
		`""`, `"@"`, `"!"`, `[]`, `["@"]`, `[["role:a", "role:b"], "role:c"]`, `["role:cloud admin"]`, `[[], "@"]`,
		`"role:Admin"`, `role:admin`, `not role:reader`, `"NOT role:a AND (role:b Or role:c)"`, `"not not role:a"`, `"role:%(os_role)s"`, `"role:a:b"`, `"role:50%%"`,
		`"project_id:%(project_id)s"`, `"user_id:%(creator_user_id)s"`, `"user_id:6b1b"`, `"'6b1b':%(user_id)s"`, `"system_scope:all"`, `"is_admin_project:True"`, `"service_roles:service"`, `"roles:member"`,
		`"'ntt_3251':%(x_billing_code_ntt)s"`, `"True:%(protected)s"`, `"None:%(owner)s"`, `"20:%(min_disk)s"`, `"'00020':%(min_disk)05d"`, `"\"a\":%(x)r"`, `"'ab':%(x).2s"`, `"'a-b':%(x)s-%(y)s"`,
		`"'a':%(hw_disk_bus)s"`, `"'a':%(os_type)s"`, `"('a':a%(x)s)"`, `"rule:service_api"`, `"role:admin or\n  role:member"`, `" role:admin "`,
	} {
		doc, _ := readText(t, "get_image: "+text)
		if e, findings := Compile(doc, Refuse); e == nil || len(findings) > 0 {
			t.Errorf("%s: %v", text, findings)
		}
	}
	e, findings := Compile(documentOf(map[string]any{"get_image": "rule:helper", "helper": "rule:deeper", "deeper": "@"}), Refuse)
	if e == nil || len(findings) > 0 {
		t.Errorf("helper rules: %v", findings)
	}
}

// What oslo.policy does not load is refused whatever the mode.
func TestWhatNobodyLoadsIsRefusedInEveryMode(t *testing.T) {
	for text, want := range map[string]string{
		"true": "not true", "yes": "not yes", "5": "not 5", "5:5": "not 5:5", "-0x1F": "not -0x1F", "0.5": "not 0.5", ".inf": "not .inf", "2001-01-01": "not 2001-01-01", "[5]": "not 5",
		"!role:admin": "YAML takes !role:admin for the type of the value", "!!binary aGk=": "takes !!binary", "&x [*x]": "stands within what it stands for", "=": "= without quotes", "{[a]: b}": "keys are no texts",
		`"` + strings.Repeat("(", maxRuleLen) + `@"`: fmt.Sprintf("the text has %d bytes", maxRuleLen+1),
	} {
		for _, mode := range []Mode{Refuse, Warn} {
			doc, _ := readText(t, "get_image: "+text)
			if e, findings := Compile(doc, mode); e != nil || !strings.Contains(findings.Refused().Error(), want) {
				t.Errorf("%.40s in mode %d: %v", text, mode, findings)
			}
		}
	}
	if _, findings := Compile(documentOf(map[string]any{"get_image": "role:\xff"}), Warn); findings.Err() == nil {
		t.Error("a text that is not UTF-8 is taken")
	}
	doc, _ := readText(t, "get_image: !role:admin and role:b")
	if _, findings := Compile(doc, Warn); len(findings) != 1 || findings[0].Correction != `"get_image": "not role:admin and role:b"` {
		t.Errorf("%v", findings)
	}
}

// In the mode Warn a mistake means what it means to oslo.policy.
func TestWarnedRulesMeanWhatTheyMeanToOsloPolicy(t *testing.T) {
	for text, want := range map[string]any{
		"!": true, "": true, "no": true, "0": true, "{}": true, `{role:member}`: true, `" "`: false, `"@ or"`: false, `"not foobar"`: true, `"rule:nothing"`: true, `[""]`: false, `["not role:a"]`: false,
		`"is_admin:True"`: false, `"not ntt:%(code)s"`: true, `"a..b:x"`: "error", `"rule:get_image"`: "error", `"http://x"`: "error", `'role:"member"'`: false, `"Role:member"`: false, `"'x':%(code)d"`: "error", "! role:nobody": false,
	} {
		doc, _ := readText(t, "get_image: "+text)
		e, findings := Compile(doc, Warn)
		if e == nil || len(findings) == 0 || findings.Err() != nil {
			t.Errorf("%s: %v", text, findings)
			continue
		}
		ok, err := e.Decide(GetImage, member, Attributes{"code": "ntt"})
		if got := any(ok); err == nil && got != want || err != nil && want != "error" {
			t.Errorf("%s: %v, %v, want %v", text, ok, err, want)
		}
	}
}

func TestAllFaultsAreToldAtOnceInTheirOrder(t *testing.T) {
	doc, _ := readText(t, "upload_image: no\na: 'rule:b'\nget_image: 'rule:x and http:y'\nget_image: 'is_admin:True and a..b:c'\nb: 'rule:a'\nok: 'rule:ok2'\nok2: '@'")
	_, findings := Compile(doc, Refuse)
	var got []string
	for _, f := range findings {
		got = append(got, fmt.Sprintf("%d %s %v", f.Line, f.Rule, f.Refused))
	}
	want := "1 upload_image true, 2 a true, 4 get_image true, 4 get_image true, 4 get_image true, 6 ok false"
	if strings.Join(got, ", ") != want {
		t.Errorf("got %s, want %s:\n%v", strings.Join(got, ", "), want, findings)
	}
	if circle := findings[1]; circle.Reason != "it refers to itself, and fails with an error when it is asked: a -> b -> a" {
		t.Errorf("the circle is told as %q", circle.Reason)
	}
	const line = `policy.yaml:1: rule "upload_image": no without quotes is false to YAML, which allows; write "upload_image": "!"`
	if first, _, _ := strings.Cut(findings.Error(), "\n"); !strings.HasSuffix(first, line) {
		t.Errorf("the first line is %q", first)
	}
}

// The registered rules and what is written for them hold no mistake.
func TestDefaultsAreNoMistakes(t *testing.T) {
	rules := map[string]any{}
	for _, d := range Defaults() {
		rules[string(d.Rule)] = d.Check
	}
	if _, findings := Compile(documentOf(rules), Refuse); len(findings) > 0 {
		t.Error(findings)
	}
}

// Many rules that share references are no circle, and take no time that doubles
// with each.
func TestSharedReferencesAreTaken(t *testing.T) {
	overrides := map[string]any{"r0": "@"}
	for i := range 60 {
		overrides[fmt.Sprint("r", i+1)] = fmt.Sprintf("rule:r%d or rule:r%d", i, i)
	}
	if _, err := New(overrides); err != nil {
		t.Error(err)
	}
}

// The rule that requirements of this kind were written with, as it was printed.
func TestRestrictedDownloadAsPrinted(t *testing.T) {
	raw, err := os.ReadFile("testdata/restricted_as_printed.txt")
	if err != nil {
		t.Fatal(err)
	}
	const restricted = `"restricted": "not ('ntt_3251':%(x_billing_code_ntt)s and role:member)"`
	const download = `"download_image": "role:admin or rule:restricted"`
	for _, text := range strings.Split(strings.TrimSpace(string(raw)), "\n----\n") {
		for _, mode := range []Mode{Refuse, Warn} {
			doc, _ := readText(t, text)
			_, findings := Compile(doc, mode)
			all := ""
			for _, f := range findings {
				all += f.Correction + "\n"
			}
			if !strings.Contains(all, restricted) {
				t.Errorf("%s\nis put right as\n%s", text, findings)
			}
			if mode == Refuse && findings.Err() == nil {
				t.Errorf("%s\nis taken", text)
			}
		}
	}
	doc, _ := readText(t, "{"+restricted+",\n"+download+"}")
	e, findings := Compile(doc, Refuse)
	if e == nil || len(findings) > 0 {
		t.Fatal(findings)
	}
	owned := Attributes{"x_billing_code_ntt": "ntt_3251", "project_id": "p1"}
	if ok, _ := e.Decide(DownloadImage, member, owned); ok {
		t.Error("a member may download the restricted image")
	}
	if ok, _ := e.Decide(DownloadImage, member, Attributes{"project_id": "p1"}); !ok {
		t.Error("a member may not download an image without the code")
	}
}
