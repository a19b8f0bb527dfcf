package policy

import (
	"fmt"
	"maps"
)

// Rules answer for credentials as a plain mapping, exactly as oslo.policy does
// with the same rules: with no registered defaults, with an unknown name falling
// to the rule called default, and with nothing refused that oslo.policy loads.
// They are for comparing policies with recorded answers; requests are decided by
// an Enforcer.
type Rules struct{ set ruleSet }

// ParseRules reads rules, in text or in list form, by name. Errors: a value that
// oslo.policy fails to load.
func ParseRules(rules map[string]any) (*Rules, error) {
	set := make(ruleSet, len(rules))
	for name, value := range rules {
		e, err := parseValue(value)
		if err != nil {
			return nil, fmt.Errorf("policy rule %q: %w", name, err)
		}
		set[name] = &compiled{name: name, rule: e}
	}
	set.resolve()
	return &Rules{set: set}, nil
}

// Restrict has the rule enforced for tokens of these scopes alone, as if it were
// registered with them.
func (r *Rules) Restrict(rule string, scopes ...Scope) {
	if c := r.set[rule]; c != nil {
		c.scopes = scopes
	}
}

// Decide answers one rule. Values of credentials are what encoding/json gives,
// numbers as json.Number; null is kept, and equals a null of the target.
func (r *Rules) Decide(rule string, creds map[string]any, t Target) (bool, error) {
	c := r.set[rule]
	if c == nil {
		c = r.set[defaultRule]
	}
	if c == nil {
		return false, nil
	}
	if scope := creds["system_scope"]; !isEmpty(scope) {
		creds = maps.Clone(creds)
		creds["system"] = scope
	}
	q := query{credentials: credentials{mapping: creds, mapped: true}, target: t, limit: len(r.set)}
	return c.decide(&q)
}

// Rules returns the enforcer's rules for credentials as a plain mapping.
func (e *Enforcer) Rules() *Rules { return &Rules{set: e.rules} }
