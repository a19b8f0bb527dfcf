package policy

import (
	"fmt"

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
