package policy

import (
	"fmt"

	"github.com/gander-images/gander/shared/caller"
)

// A Grant is a decision that was made in somebody's favour. Functions of the
// domain take one as an argument, so that no path can forget to ask. Only an
// Enforcer makes a Grant that permits anything.
type Grant struct {
	rule Rule
}

// Permits returns nil if the grant was given for one of the rules. A failure is
// a defect of ours, never the caller's doing.
func (g Grant) Permits(rules ...Rule) error {
	for _, r := range rules {
		if g.rule != "" && g.rule == r {
			return nil
		}
	}
	return fmt.Errorf("policy: a grant for %q was used for %q", g.rule, rules)
}

// A Target is what a rule may read about the thing that is acted on: a flat
// mapping of names to nil, bool, string, number or list.
type Target interface {
	// Attribute returns the value under key; ok is false where there is none. A
	// text may be given as a *string, which costs no allocation; nil is null.
	Attribute(key string) (value any, ok bool)
}

// Attributes is a Target made of a map.
type Attributes map[string]any

// Attribute implements Target.
func (a Attributes) Attribute(key string) (any, bool) {
	v, ok := a[key]
	return v, ok
}

// A Decider answers policy questions. *Enforcer is the one there is; tests may
// have their own.
type Decider interface {
	// Decide reports whether the rule lets c act on t. An error means that the
	// rule could not be evaluated; then the answer is false.
	Decide(rule Rule, c caller.Caller, t Target) (bool, error)

	// Authorize is Decide that ends in a Grant, or in problem.Forbidden.
	Authorize(rule Rule, c caller.Caller, t Target) (Grant, error)
}
