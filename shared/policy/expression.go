package policy

import (
	"slices"
	"strings"
)

type operator uint8

const (
	opFalse operator = iota // the zero expression denies
	opTrue
	opAnd
	opOr
	opNot
	opWord    // a word without a colon: false, but a value
	opRule    // rule:NAME
	opRole    // role:NAME
	opGeneric // LEFT:RIGHT
	opRemote  // http:… and https:…, which Gander does not ask
)

// An expression is a parsed rule, ready to be evaluated: whatever can be
// decided without caller and target was decided when it was made.
type expression struct {
	op   operator
	args []*expression // of and, or, not

	text  string   // of a check, as written
	name  string   // of opRule
	right template // of opRole and opGeneric
	left  operand  // of opGeneric

	rule *compiled // what name stands for; nil where nothing does
}

var (
	always = &expression{op: opTrue}
	never  = &expression{op: opFalse}
)

// newCheck reads one check. It cannot fail: what makes no sense is false.
//
// Source: oslo_policy/_parser.py, _parse_check.
func newCheck(text string) *expression {
	switch text {
	case "@":
		return always
	case "!":
		return never
	}
	kind, match, found := strings.Cut(text, ":")
	if !found {
		return &expression{op: opWord, text: text}
	}
	switch kind {
	case "http", "https":
		return &expression{op: opRemote, text: text}
	case "rule":
		return &expression{op: opRule, text: text, name: match}
	case "role":
		return &expression{op: opRole, text: text, right: newTemplate(match).lower()}
	}
	return &expression{op: opGeneric, text: text, right: newTemplate(match), left: newOperand(kind)}
}

// walk calls visit for the expression and all below it.
func (e *expression) walk(visit func(*expression)) {
	visit(e)
	for _, a := range e.args {
		a.walk(visit)
	}
}

// nesting counts the operators that stand within each other, at the deepest place.
func (e *expression) nesting() int {
	deepest := 0
	for _, a := range e.args {
		deepest = max(deepest, 1+a.nesting())
	}
	return deepest
}

// says reports whether two rules are made alike, whatever text they came from.
func (e *expression) says(other *expression) bool {
	return e.op == other.op && e.text == other.text && slices.EqualFunc(e.args, other.args, (*expression).says)
}
