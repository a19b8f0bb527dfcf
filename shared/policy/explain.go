package policy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/gander-images/gander/shared/caller"
)

// maxTree bounds the tree of one explanation, which rules that refer to others
// twice could grow beyond all measure. What would be more of it is left out.
const maxTree = 2000

// Explain decides as Decide does, and shows how it came about. Parts that the
// decision did not need are evaluated for the tree alone.
//
// Errors: the rule is neither registered nor overridden. That it cannot be
// evaluated is part of the Explanation.
func (e *Enforcer) Explain(rule Rule, c caller.Caller, t Target) (Explanation, error) {
	r := e.rules[string(rule)]
	if r == nil {
		return Explanation{}, fmt.Errorf("policy: there is no rule %q", rule)
	}
	x := explainer{query: query{credentials: credentials{caller: c}, target: t, limit: len(e.rules)}, room: maxTree}
	allowed, err := r.decide(&x.query)
	return Explanation{Rule: rule, Allowed: allowed, Text: r.text, Tree: x.root(r), Err: err}, nil
}

// Has reports whether there is a rule of this name.
func (e *Enforcer) Has(rule Rule) bool { return e.rules[string(rule)] != nil }

type explainer struct {
	query query
	room  int         // nodes that there may still be
	way   []*compiled // rules from the root down to here
}

// root is the tree of the rule that is enforced. A token of a scope that the rule
// does not take is a node of its own, before all others.
func (x *explainer) root(r *compiled) *Node {
	if r.permits(x.query.credentials.scope()) {
		return x.inside(r, true)
	}
	names := make([]string, len(r.scopes))
	for i, s := range r.scopes {
		names[i] = s.String()
	}
	label := "scope_types: " + strings.Join(names, ", ")
	scope := &Node{Check: label, text: label, Result: ResultFalse}
	return &Node{Check: "and", op: opAnd, Result: ResultFalse, Children: []*Node{scope, x.inside(r, false)}}
}

func (x *explainer) inside(r *compiled, reached bool) *Node {
	x.way = append(x.way, r)
	defer func() { x.way = x.way[:len(x.way)-1] }()
	return x.node(r.rule, reached)
}

func (x *explainer) node(e *expression, reached bool) *Node {
	x.room--
	n := &Node{Check: e.label(), Result: x.result(e), Skipped: !reached, op: e.op, text: e.label()}
	switch e.op {
	case opAnd, opOr, opNot:
		n.text, _ = e.format()
		n.Children = x.operands(e, reached)
		if len(n.Children) < len(e.args) {
			n.reads = e.keys()
		}
	case opRule:
		switch {
		case e.rule == nil:
		case !slices.Contains(x.way, e.rule):
			n.Children = []*Node{x.inside(e.rule, reached)}
		default:
			n.reads = e.keys()
		}
	case opRole, opGeneric:
		n.reads = e.right.keys()
	}
	return n
}

// operands are an operator's children. What stands behind the one that settles
// it is not reached.
func (x *explainer) operands(e *expression, reached bool) []*Node {
	var nodes []*Node
	for _, a := range e.args {
		if x.room <= 0 {
			break
		}
		n := x.node(a, reached)
		nodes = append(nodes, n)
		reached = reached && !n.Result.settles(e.op)
	}
	return nodes
}

// result is what the evaluator says of this part alone.
func (x *explainer) result(e *expression) Result {
	ok, err := e.evaluate(&x.query)
	switch {
	case err != nil:
		return ResultError
	case ok:
		return ResultTrue
	case x.misses(e):
		return ResultMissing
	}
	return ResultFalse
}

// misses reports whether a check is not true for want of something to compare.
func (x *explainer) misses(e *expression) bool {
	switch e.op {
	case opRule:
		return e.rule == nil
	case opRole, opGeneric:
		_, ok, _ := e.right.text(x.query.target)
		return !ok || e.op == opGeneric && !e.left.literal && !hasField(&x.query.credentials.caller, e.left.field)
	}
	return false
}

// hasField reports whether the caller has a credential. A list is one, though
// nothing be in it.
func hasField(c *caller.Caller, f field) bool {
	switch f {
	case fieldNone:
		return false
	case fieldRoles, fieldServiceRoles, fieldIsAdminProject:
		return true
	}
	return scalar(c, f) != ""
}

// label is what an expression is called in a tree.
func (e *expression) label() string {
	switch e.op {
	case opAnd:
		return "and"
	case opOr:
		return "or"
	case opNot:
		return "not"
	case opTrue:
		return "@"
	case opFalse:
		return "!"
	}
	return e.text
}

// keys are those that the expression asks the target for, itself or by way of
// other rules.
func (e *expression) keys() []string {
	var keys []string
	entered := map[*compiled]bool{}
	var visit func(*expression)
	visit = func(e *expression) {
		switch {
		case e.op == opRole || e.op == opGeneric:
			keys = append(keys, e.right.keys()...)
		case e.op == opRule && e.rule != nil && !entered[e.rule]:
			entered[e.rule] = true
			e.rule.rule.walk(visit)
		}
	}
	e.walk(visit)
	return keys
}

// keys are those that the template asks the target for.
func (t *template) keys() []string {
	switch {
	case t.format != nil:
		return t.format.Keys()
	case t.key != "":
		return []string{t.key}
	}
	return nil
}

// writtenText is a rule as its file has it; the list form as JSON.
func writtenText(value any) string {
	if text, ok := value.(string); ok {
		return text
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value) // what a file can hold, JSON can
	return strings.TrimSuffix(b.String(), "\n")
}
