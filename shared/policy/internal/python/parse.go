package python

import "slices"

type nodeKind uint8

const (
	other nodeKind = iota // an expression that is no literal
	constant
	negative
	positive
	tupleDisplay
	listDisplay
	setDisplay
	dictDisplay // empty
	setCall     // set()
	starred     // *x, which only stands in a display or a call
)

type node struct {
	kind  nodeKind
	value any
	items []*node
	name  string // of a bare name
}

var expression = &node{}

// maxDepth bounds what stands within each other; Python's own bound for
// parentheses is 200.
const maxDepth = 200

// A parser reads one Python expression. Its methods return nil for what is
// none.
//
// Source: Python 3.11 language reference, Full Grammar specification.
type parser struct {
	tokens []lexeme
	depth  int
}

func (p *parser) parse() (*node, bool) {
	n := p.expressions()
	return n, n != nil && len(p.tokens) == 0
}

func (p *parser) peek(texts ...string) bool {
	return len(p.tokens) > 0 && p.tokens[0].value == nil && !p.tokens[0].name && slices.Contains(texts, p.tokens[0].text)
}

func (p *parser) accept(texts ...string) bool {
	if !p.peek(texts...) {
		return false
	}
	p.tokens = p.tokens[1:]
	return true
}

// expressions is one, or a tuple without parentheses.
func (p *parser) expressions() *node {
	first := p.expression()
	if first == nil || !p.peek(",") {
		return first
	}
	items := []*node{first}
	for p.accept(",") && len(p.tokens) > 0 {
		n := p.expression()
		if n == nil {
			return nil
		}
		items = append(items, n)
	}
	return &node{kind: tupleDisplay, items: items}
}

func (p *parser) expression() *node {
	if p.depth++; p.depth > maxDepth {
		return nil
	}
	defer func() { p.depth-- }()
	n := p.binary(0)
	if n == nil || !p.accept("if") {
		return n
	}
	if p.binary(0) == nil || !p.accept("else") || p.expression() == nil {
		return nil
	}
	return expression
}

// levels are the operators between two operands, loosest first. A leading not
// has its place between and and the comparisons, which also have is, is not and
// not in.
var levels = [...][]string{
	{"or"},
	{"and"},
	{"<", ">", "<=", ">=", "==", "!=", "in"},
	{"|"},
	{"^"},
	{"&"},
	{"<<", ">>"},
	{"+", "-"},
	{"*", "/", "//", "%", "@"},
}

const (
	comparison = 2
	bitwiseOr  = 3
)

func (p *parser) binary(level int) *node {
	if level == len(levels) {
		return p.factor()
	}
	if level == comparison && p.accept("not") {
		return p.negation()
	}
	n := p.binary(level + 1)
	for n != nil && p.operator(level) {
		if n = p.binary(level + 1); n != nil {
			n = expression
		}
	}
	return n
}

func (p *parser) negation() *node {
	if p.depth++; p.depth > maxDepth {
		return nil
	}
	defer func() { p.depth-- }()
	if p.binary(comparison) == nil {
		return nil
	}
	return expression
}

// operator takes one operator of the level: "not in" and "is not" are two
// words.
func (p *parser) operator(level int) bool {
	switch {
	case level == comparison && p.peek("not"):
		if len(p.tokens) < 2 || p.tokens[1].value != nil || p.tokens[1].text != "in" {
			return false
		}
		p.tokens = p.tokens[2:]
		return true
	case level == comparison && p.accept("is"):
		p.accept("not")
		return true
	}
	return p.accept(levels[level]...)
}

func (p *parser) factor() *node {
	if !p.peek("+", "-", "~") {
		return p.power()
	}
	if p.depth++; p.depth > maxDepth {
		return nil
	}
	defer func() { p.depth-- }()
	kind := map[string]nodeKind{"+": positive, "-": negative, "~": other}[p.tokens[0].text]
	p.tokens = p.tokens[1:]
	n := p.factor()
	if n == nil {
		return nil
	}
	return &node{kind: kind, items: []*node{n}}
}

func (p *parser) power() *node {
	n := p.primary()
	if n == nil || !p.accept("**") {
		return n
	}
	if p.factor() == nil {
		return nil
	}
	return expression
}

// primary is an atom with attributes, calls and subscripts after it.
func (p *parser) primary() *node {
	n := p.atom()
	for n != nil {
		switch {
		case p.accept("."):
			if len(p.tokens) == 0 || !p.tokens[0].name {
				return nil
			}
			p.tokens = p.tokens[1:]
			n = expression
		case p.accept("("):
			n = p.call(n)
		case p.accept("["):
			items, _, _ := p.elements("]")
			if len(items) == 0 {
				return nil
			}
			n = expression
		default:
			return n
		}
	}
	return nil
}

// call reads arguments: those by position first, then those by name. After **x
// there is no *x.
func (p *parser) call(callee *node) *node {
	if p.accept(")") {
		if callee.name == "set" {
			return &node{kind: setCall}
		}
		return expression
	}
	var named, unpacked bool
	for {
		switch {
		case p.accept("**"):
			unpacked = true
		case p.accept("*"):
			if unpacked {
				return nil
			}
		case len(p.tokens) > 1 && p.tokens[0].name && p.tokens[1].value == nil && p.tokens[1].text == "=":
			p.tokens = p.tokens[2:]
			named = true
		case named || unpacked:
			return nil
		}
		if p.expression() == nil {
			return nil
		}
		if p.accept(")") {
			return expression
		}
		if !p.accept(",") {
			return nil
		}
		if p.accept(")") {
			return expression
		}
	}
}
