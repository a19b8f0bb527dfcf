package policy

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"
)

// deviations are the recorded answers that Gander does not give, with the
// reason. An answer "error" is a 500, which lets nobody in.
var deviations = map[string]string{
	"check 1j:1j":               complexNumber,
	"not check 1j:1j":           complexNumber,
	"list ['1+2j:(1+2j)']":      complexNumber,
	`list ["f'x':x"]`:           exoticPython,
	"list ['[x for x in y]:x']": exoticPython,
	"list ['(yield):x']":        exoticPython,
	"list ['await x:x']":        exoticPython,
	`list ["'\\N{BULLET}':•"]`:  namedCharacter,
	`list ["'\\ud800':x"]`:      "no text of ours can hold half of a surrogate pair",
	"list ['{1,2}:{1, 2}']":     "the order in which Python shows a set is an accident of its hashes",
}

const (
	complexNumber  = "no credential, and no value of a target, is a complex number"
	exoticPython   = "such an expression is never the name of a credential; it would be false, and under not it would allow"
	namedCharacter = "Go has no table of the names of characters"
)

type recordedCase struct {
	Name   string
	Rules  map[string]any
	Rule   string
	Creds  map[string]any
	Target map[string]any
	Scopes map[string][]string
	Expect any
}

type recording struct {
	MadeBy string         `json:"made_by"`
	Creds  map[string]any // of cases without their own
	Target map[string]any // likewise
	Cases  []recordedCase
}

func readRecording(t *testing.T) recording {
	t.Helper()
	raw, err := os.ReadFile("testdata/oslo_policy_cases.json")
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var r recording
	if err := d.Decode(&r); err != nil {
		t.Fatal(err)
	}
	if len(r.Cases) < 300 {
		t.Fatalf("%d recorded cases, want at least 300", len(r.Cases))
	}
	return r
}

func TestRecordedAnswersOfOsloPolicy(t *testing.T) {
	r := readRecording(t)
	deviating := 0
	known := map[string]bool{}
	for _, c := range r.Cases {
		known[c.Name] = true
		got := c.answer(r)
		reason, deviates := deviations[c.Name]
		switch {
		case deviates && got == c.Expect:
			t.Errorf("%s: answers %v as recorded, so it is no deviation: %s", c.Name, got, reason)
		case deviates:
			deviating++
			if got != "error" {
				t.Errorf("%s: deviates with %v, want an error", c.Name, got)
			}
		case got != c.Expect:
			t.Errorf("%s: rule %q of %v for creds %v: got %v, recorded %v", c.Name, c.Rule, c.Rules, c.Creds, got, c.Expect)
		}
	}
	for name := range deviations {
		if !known[name] {
			t.Errorf("deviation %q names no case", name)
		}
	}
	t.Logf("%d answers of %s replayed, %d of them deliberately answered otherwise", len(r.Cases), r.MadeBy, deviating)
}

// answer is true, false or "error".
func (c recordedCase) answer(r recording) any {
	rules, err := ParseRules(c.Rules)
	if err != nil {
		return "error"
	}
	for rule, names := range c.Scopes {
		rules.Restrict(rule, scopesOf(names)...)
	}
	creds, target := c.Creds, c.Target
	if creds == nil {
		creds = r.Creds
	}
	if target == nil {
		target = r.Target
	}
	ok, err := rules.Decide(c.Rule, creds, Attributes(target))
	if err != nil {
		return "error"
	}
	return ok
}

func scopesOf(names []string) []Scope {
	var scopes []Scope
	for _, s := range []Scope{ScopeProject, ScopeDomain, ScopeSystem} {
		for _, name := range names {
			if s.String() == name {
				scopes = append(scopes, s)
			}
		}
	}
	return scopes
}
