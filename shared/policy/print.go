package policy

import "strings"

// format writes the rule in text form: parsing that gives the same rule again. ok is false for a rule of the list
// form whose checks hold what no text can, such as a blank.
func (e *expression) format() (text string, ok bool) {
	p := printer{ok: true}
	p.print(e, opOr)
	return p.b.String(), p.ok
}

type printer struct {
	b  strings.Builder
	ok bool
}

// print writes e where an operator as loose as allowed may stand.
func (p *printer) print(e *expression, allowed operator) {
	switch e.op {
	case opTrue:
		p.b.WriteString("@")
	case opFalse:
		p.b.WriteString("!")
	case opNot:
		p.b.WriteString("not ")
		p.print(e.args[0], opNot)
	case opAnd, opOr:
		p.chain(e, allowed)
	default:
		p.check(e.text)
	}
}

func (p *printer) chain(e *expression, allowed operator) {
	word, inner := " or ", opAnd
	if e.op == opAnd {
		word, inner = " and ", opNot
	}
	enclosed := allowed == opNot || allowed == opAnd && e.op == opOr
	if enclosed {
		p.b.WriteString("(")
	}
	for i, a := range e.args {
		if i > 0 {
			p.b.WriteString(word)
		}
		p.print(a, inner)
	}
	if enclosed {
		p.b.WriteString(")")
	}
}

// check writes a check as it was read. Between quotes it would be a string,
// unless parentheses stand around it.
func (p *printer) check(text string) {
	tokens := tokenize(text)
	if isQuoted(text) {
		tokens = tokenize("(" + text + ")")[1:]
		p.b.WriteString("(" + text + ")")
	} else {
		p.b.WriteString(text)
	}
	p.ok = p.ok && len(tokens) > 0 && tokens[0] == token{kind: tokenCheck, text: text}
}
