package policy

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/problem"
)

// defaultRule is what an unknown name stands for, where it is defined.
const defaultRule = "default"

// An Enforcer decides by one set of rules, which never changes. It is safe for
// concurrent use.
type Enforcer struct{ rules ruleSet }

// New returns an Enforcer for the registered defaults and what overrides them:
// rules as a policy file has them, in text or in list form. It is Compile in the
// mode Refuse, for rules that come from no file.
//
// Errors: Findings.
func New(overrides map[string]any) (*Enforcer, error) {
	e, findings := Compile(documentOf(overrides), Refuse)
	if err := findings.Err(); err != nil {
		return nil, err
	}
	return e, nil
}

// Compile returns an Enforcer for the registered defaults and what the document
// overrides, and everything that its operator has to know. The Enforcer is nil
// if and only if a finding is refused.
func Compile(doc *Document, mode Mode) (*Enforcer, Findings) {
	findings := slices.Clone(doc.findings)
	set, err := newRuleSet(Defaults(), doc.Rules())
	if err != nil {
		findings = append(findings, Finding{Reason: err.Error(), Refused: true})
	}
	if len(findings.Refused()) > 0 {
		return nil, findings
	}
	return &Enforcer{rules: set}, findings
}

// Decide implements Decider. A rule that is neither registered nor overridden
// is an error, never a denial, as in oslo_policy/policy.py, Enforcer.authorize.
func (e *Enforcer) Decide(rule Rule, c caller.Caller, t Target) (bool, error) {
	r := e.rules[string(rule)]
	if r == nil {
		return false, fmt.Errorf("policy: there is no rule %q", rule)
	}
	q := query{credentials: credentials{caller: c}, target: t, limit: len(e.rules)}
	return r.decide(&q)
}

// Authorize implements Decider. A refusal has a Denial as its cause.
func (e *Enforcer) Authorize(rule Rule, c caller.Caller, t Target) (Grant, error) {
	ok, err := e.Decide(rule, c, t)
	if err != nil {
		return Grant{}, err
	}
	if !ok {
		return Grant{}, problem.Because(e.denial(rule, c, t), problem.Forbidden, "You are not authorized to complete %s action.", rule)
	}
	return Grant{rule: rule}, nil
}

// decide asks for the scope first, then for the rule.
func (r *compiled) decide(q *query) (bool, error) {
	if !r.permits(q.credentials.scope()) {
		return false, nil
	}
	ok, err := r.evaluate(q)
	if err != nil {
		return false, fmt.Errorf("policy: rule %q: %w", r.name, err)
	}
	return ok, nil
}

// A ruleSet holds rules by name, with references resolved.
type ruleSet map[string]*compiled

func newRuleSet(defaults []Default, overrides map[string]any) (ruleSet, error) {
	set := make(ruleSet, len(defaults)+len(overrides))
	for _, d := range defaults {
		e, _ := parse(d.Check)
		set[string(d.Rule)] = &compiled{name: string(d.Rule), text: d.Check, rule: e, scopes: d.Scopes}
	}
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(overrides)) {
		e, err := parseOverride(overrides[name])
		if err != nil {
			faults = append(faults, fmt.Errorf("policy rule %q: %w", name, err))
			continue
		}
		if r := set[name]; r != nil {
			r.rule, r.text = e, writtenText(overrides[name])
		} else {
			set[name] = &compiled{name: name, text: writtenText(overrides[name]), rule: e}
		}
	}
	if len(faults) == 0 {
		faults = set.faults()
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	set.resolve()
	return set, nil
}

// resolve ties every reference to its rule. An unknown name is the default
// rule, where there is one.
func (s ruleSet) resolve() {
	for _, r := range s {
		r.rule.walk(func(e *expression) {
			if e.op != opRule {
				return
			}
			e.rule = s[e.name]
			if e.rule == nil {
				e.rule = s[defaultRule]
			}
		})
	}
}
