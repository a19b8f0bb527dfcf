package policycheck

import (
	"errors"
	"fmt"

	"github.com/gander-images/gander/shared/policy"
)

// A testCase is one expected decision.
type testCase struct {
	Name   string
	Rules  map[string]any // the whole policy of this case; nil: that of the files
	Rule   string
	Creds  map[string]any // as oslo.policy sees them
	Target map[string]any
	Expect any // true, false or "error"

	// Scopes are the scope types that rules of the case are registered with.
	Scopes map[string][]string
}

// decideCases decides every case as oslo.policy does, with none of the strictness
// that a service starts with: what that would say about the rules are notes.
func (c *check) decideCases() int {
	var cases []testCase
	if err := readJSON(c.cases, &cases); err != nil {
		return c.fail(err)
	}
	doc, _ := policy.Read(c.files...)
	rules, findings := policy.Compile(doc, policy.Warn)
	noted := map[string]bool{}
	c.note(noted, "", findings)
	if rules == nil {
		return c.fail(errors.New("the files cannot be loaded; the notes tell why"))
	}
	agree := 0
	for i := range cases {
		one := &cases[i]
		if err := one.check(); err != nil {
			return c.fail(fmt.Errorf("case %d, %q: %w", i+1, one.Name, err))
		}
		if _, err := policy.New(one.Rules); err != nil {
			var findings policy.Findings
			_ = errors.As(err, &findings)
			c.note(noted, one.Name+": ", findings)
		}
		got := one.answer(rules.Rules())
		if got == one.Expect {
			agree++
			continue
		}
		fmt.Fprintf(c.out, "%s: rule %q is %v, and %v was expected\n", one.Name, one.Rule, got, one.Expect)
	}
	fmt.Fprintf(c.out, "%d cases, %d agree\n", len(cases), agree)
	if agree < len(cases) {
		return no
	}
	return fine
}

// note prints findings, each text once.
func (c *check) note(noted map[string]bool, of string, findings policy.Findings) {
	for _, f := range findings {
		if text := f.String(); !noted[text] {
			noted[text] = true
			fmt.Fprintf(c.out, "note: %s%s\n", of, text)
		}
	}
}

// check refuses what no answer can agree with.
func (one *testCase) check() error {
	if one.Rule == "" {
		return errors.New("there is no \"rule\" in it")
	}
	if _, truth := one.Expect.(bool); !truth && one.Expect != "error" {
		return errors.New("\"expect\" is true, false or \"error\"")
	}
	for _, names := range one.Scopes {
		if _, err := scopesOf(names); err != nil {
			return err
		}
	}
	return nil
}

// answer is true, false or "error".
func (one *testCase) answer(rules *policy.Rules) any {
	if one.Rules != nil {
		own, err := policy.ParseRules(one.Rules)
		if err != nil {
			return "error"
		}
		for rule, names := range one.Scopes {
			scopes, _ := scopesOf(names) // checked before
			own.Restrict(rule, scopes...)
		}
		rules = own
	}
	allowed, err := rules.Decide(one.Rule, one.Creds, policy.Attributes(one.Target))
	if err != nil {
		return "error"
	}
	return allowed
}

func scopesOf(names []string) ([]policy.Scope, error) {
	var scopes []policy.Scope
next:
	for _, name := range names {
		for _, s := range []policy.Scope{policy.ScopeProject, policy.ScopeDomain, policy.ScopeSystem} {
			if s.String() == name {
				scopes = append(scopes, s)
				continue next
			}
		}
		return nil, fmt.Errorf("there is no scope %q", name)
	}
	return scopes, nil
}
