package python

import (
	"math/big"
	"strings"
)

// A Kind says what a text is to Python.
type Kind uint8

// The kinds of text.
const (
	Malformed  Kind = iota // no expression, or one that cannot be a value
	Expression             // an expression, but no literal
	Literal
)

// ParseLiteral returns what str(ast.literal_eval(source)) would: the text of a
// Literal. An Expression is where literal_eval raises ValueError, Malformed
// where it raises another error.
//
// Not known, and so Malformed: comprehensions, yield, await, f-strings, complex
// numbers, sets of several elements, named characters and surrogates in
// strings, line ends.
//
// Source: Python 3.11, Lib/ast.py, literal_eval.
func ParseLiteral(source string) (text string, kind Kind) {
	tokens, ok := lex(strings.TrimLeft(source, " \t"))
	if !ok {
		return "", Malformed
	}
	p := parser{tokens: tokens}
	tree, ok := p.parse()
	if !ok {
		return "", Malformed
	}
	value, kind := evaluate(tree)
	if kind != Literal {
		return "", kind
	}
	text, err := Text(value)
	if err != nil {
		return "", Malformed
	}
	return text, Literal
}

// The values of literals that no target has.
type (
	tuple    []any
	set      []any // at most one element, whose order needs no guess
	bytes    string
	ellipsis struct{}
)

// evaluate returns the value of a tree that is a literal.
func evaluate(n *node) (any, Kind) {
	switch n.kind {
	case constant:
		return n.value, Literal
	case negative, positive:
		return signed(n)
	case listDisplay:
		items, kind := evaluateAll(n.items)
		return items, kind
	case tupleDisplay:
		items, kind := evaluateAll(n.items)
		return tuple(items), kind
	case dictDisplay:
		return map[string]any{}, Literal
	case setDisplay:
		return evaluateSet(n.items)
	case setCall:
		return set{}, Literal
	}
	return nil, Expression
}

func evaluateAll(nodes []*node) ([]any, Kind) {
	values := make([]any, len(nodes))
	for i, n := range nodes {
		v, kind := evaluate(n)
		if kind != Literal {
			return nil, kind
		}
		values[i] = v
	}
	return values, Literal
}

// signed is a number with a sign before it. Other things with one, and a second
// sign, are expressions.
func signed(n *node) (any, Kind) {
	operand := n.items[0]
	if operand.kind != constant {
		return nil, Expression
	}
	switch v := operand.value.(type) {
	case *big.Int:
		if n.kind == negative {
			return new(big.Int).Neg(v), Literal
		}
		return v, Literal
	case float64:
		if n.kind == negative {
			return -v, Literal
		}
		return v, Literal
	}
	return nil, Expression
}

func evaluateSet(nodes []*node) (any, Kind) {
	for _, n := range nodes {
		v, kind := evaluate(n)
		if kind != Literal {
			return nil, kind
		}
		if !hashable(v) {
			return nil, Malformed
		}
		if len(nodes) == 1 {
			return set{v}, Literal
		}
	}
	return nil, Malformed
}

func hashable(v any) bool {
	switch v := v.(type) {
	case []any, map[string]any, set:
		return false
	case tuple:
		for _, e := range v {
			if !hashable(e) {
				return false
			}
		}
	}
	return true
}
