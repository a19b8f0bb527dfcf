package policy

// parse reads a rule in text form. A rule that does not parse denies as a
// whole; ok is then false. The empty text allows.
//
//	expr  = conj *( "or" conj )
//	conj  = unary *( "and" unary )
//	unary = "not" unary | "(" expr ")" | check
//
// Source: oslo_policy/_parser.py, ParseState and _parse_text_rule, whose
// stack reducer accepts this grammar.
func parse(text string) (e *expression, ok bool) {
	if text == "" {
		return always, true
	}
	p := parser{tokens: tokenize(text)}
	e, ok = p.chain(opOr, tokenOr)
	if !ok || len(p.tokens) > 0 {
		return never, false
	}
	return e, true
}

type parser struct{ tokens []token }

func (p *parser) accept(kind tokenKind) bool {
	if len(p.tokens) == 0 || p.tokens[0].kind != kind {
		return false
	}
	p.tokens = p.tokens[1:]
	return true
}

// chain reads operands of one operator: of or, where each is a chain of and.
func (p *parser) chain(op operator, separator tokenKind) (*expression, bool) {
	operand := p.unary
	if op == opOr {
		operand = func() (*expression, bool) { return p.chain(opAnd, tokenAnd) }
	}
	first, ok := operand()
	if !ok {
		return nil, false
	}
	args := []*expression{first}
	for p.accept(separator) {
		next, ok := operand()
		if !ok {
			return nil, false
		}
		args = append(args, next)
	}
	return join(op, args), true
}

func join(op operator, args []*expression) *expression {
	if len(args) == 1 {
		return args[0]
	}
	return &expression{op: op, args: args}
}

func (p *parser) unary() (*expression, bool) {
	switch {
	case p.accept(tokenNot):
		e, ok := p.unary()
		return &expression{op: opNot, args: []*expression{e}}, ok
	case p.accept(tokenOpen):
		e, ok := p.chain(opOr, tokenOr)
		return e, ok && p.accept(tokenClose)
	case len(p.tokens) > 0 && p.tokens[0].kind == tokenCheck:
		e := newCheck(p.tokens[0].text)
		p.tokens = p.tokens[1:]
		return e, true
	}
	return nil, false
}
