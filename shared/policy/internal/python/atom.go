package python

func (p *parser) atom() *node {
	if len(p.tokens) == 0 {
		return nil
	}
	t := p.tokens[0]
	switch {
	case t.name:
		p.tokens = p.tokens[1:]
		return &node{name: t.text}
	case t.value != nil:
		return p.constant()
	}
	p.tokens = p.tokens[1:]
	switch t.text {
	case "True", "False":
		return &node{kind: constant, value: t.text == "True"}
	case "None":
		return &node{kind: constant}
	case "...":
		return &node{kind: constant, value: ellipsis{}}
	case "(":
		return p.group()
	case "[":
		items, _, ok := p.elements("]")
		if !ok {
			return nil
		}
		return &node{kind: listDisplay, items: items}
	case "{":
		return p.braces()
	}
	return nil
}

// constant is a number, or strings that stand side by side.
func (p *parser) constant() *node {
	first := p.tokens[0].value
	p.tokens = p.tokens[1:]
	for len(p.tokens) > 0 && p.tokens[0].value != nil {
		switch next := p.tokens[0].value.(type) {
		case string:
			text, ok := first.(string)
			if !ok {
				return nil
			}
			first = text + next
		case bytes:
			text, ok := first.(bytes)
			if !ok {
				return nil
			}
			first = text + next
		default:
			return nil
		}
		p.tokens = p.tokens[1:]
	}
	return &node{kind: constant, value: first}
}

// group is what parentheses hold: nothing, one expression, or a tuple.
func (p *parser) group() *node {
	items, comma, ok := p.elements(")")
	switch {
	case !ok:
		return nil
	case len(items) != 1 || comma:
		return &node{kind: tupleDisplay, items: items}
	case items[0].kind == starred:
		return nil
	}
	return items[0]
}

// elements reads expressions, starred or not, up to the closing mark, and
// reports whether a comma stood before that.
func (p *parser) elements(end string) (items []*node, comma, ok bool) {
	for !p.accept(end) {
		n := p.element()
		if n == nil {
			return nil, false, false
		}
		items = append(items, n)
		comma = p.accept(",")
		if !comma && !p.peek(end) {
			return nil, false, false
		}
	}
	return items, comma, true
}

func (p *parser) element() *node {
	if !p.accept("*") {
		return p.expression()
	}
	if p.binary(bitwiseOr) == nil {
		return nil
	}
	return &node{kind: starred}
}

// braces hold a set or a mapping; of mappings only {} and {**x} can be written
// without a colon.
func (p *parser) braces() *node {
	if p.accept("}") {
		return &node{kind: dictDisplay}
	}
	if !p.peek("**") {
		items, _, ok := p.elements("}")
		if !ok {
			return nil
		}
		return &node{kind: setDisplay, items: items}
	}
	for !p.accept("}") {
		if !p.accept("**") || p.binary(bitwiseOr) == nil {
			return nil
		}
		if !p.accept(",") && !p.peek("}") {
			return nil
		}
	}
	return expression
}
