package policy

import (
	"errors"
	"fmt"
)

var (
	errCycle  = errors.New("the rule refers to itself")
	errRemote = errors.New("remote checks are not offered")
)

// A query is one question on its way through a rule.
type query struct {
	credentials credentials
	target      Target
	depth       int // rules entered
	limit       int // more than this is a cycle: some rule was entered twice
}

// A compiled rule is one that can be asked.
type compiled struct {
	name   string
	text   string // as written, for whoever asks
	rule   *expression
	scopes []Scope // where a token must be good for one of them; any where empty
}

// permits reports whether the scope of the token is one of the rule's.
func (r *compiled) permits(s Scope) bool {
	for _, scope := range r.scopes {
		if scope == s {
			return true
		}
	}
	return len(r.scopes) == 0
}

// evaluate answers the rule without asking for a scope, which counts for the
// rule that is enforced and for none that it refers to.
func (r *compiled) evaluate(q *query) (bool, error) {
	if q.depth >= q.limit {
		return false, errCycle
	}
	q.depth++
	ok, err := r.rule.evaluate(q)
	q.depth--
	return ok, err
}

// evaluate answers the expression. An error ends the evaluation wherever it
// happens, so that it is true nowhere, under not either.
//
// This is a walk over nodes and not a chain of closures: the compiler sees that
// the query does not outlive the call, and keeps it off the heap.
func (e *expression) evaluate(q *query) (bool, error) {
	switch e.op {
	case opTrue:
		return true, nil
	case opAnd:
		for _, a := range e.args {
			if ok, err := a.evaluate(q); !ok || err != nil {
				return false, err
			}
		}
		return true, nil
	case opOr:
		for _, a := range e.args {
			if ok, err := a.evaluate(q); ok || err != nil {
				return ok && err == nil, err
			}
		}
		return false, nil
	case opNot:
		ok, err := e.args[0].evaluate(q)
		return !ok && err == nil, err
	case opRule, opRole, opGeneric, opRemote:
		ok, err := e.check(q)
		if err != nil && !errors.Is(err, errCycle) {
			err = fmt.Errorf("check %q: %w", e.text, err)
		}
		return ok && err == nil, err
	}
	return false, nil
}

func (e *expression) check(q *query) (bool, error) {
	switch e.op {
	case opRule:
		if e.rule == nil {
			return false, nil
		}
		return e.rule.evaluate(q)
	case opRemote:
		return false, errRemote
	}
	text, ok, err := e.right.text(q.target)
	if !ok || err != nil {
		return false, err
	}
	if e.op == opRole {
		return q.credentials.hasRole(text)
	}
	return e.left.matches(&q.credentials, text)
}
