package python

import (
	"cmp"
	"errors"
	"strings"
	"unicode/utf8"
)

// maxWidth bounds a width or a precision, which Python takes as far as memory
// lasts.
const maxWidth = 4096

var (
	errIncompleteKey = errors.New("incomplete format key")
	errIncomplete    = errors.New("incomplete format")
	errWide          = errors.New("width or precision too big")
	errStar          = errors.New("* wants int")
	errWhole         = errors.New("a format without a key asks for the target as a whole")
	errArguments     = errors.New("not enough arguments for format string")
)

// A Template is a text for Python's % operator with a mapping on its right.
type Template struct{ parts []part }

// A part is a text, or one conversion after the text before it. What is wrong
// with it is told when it is reached: a key missing before it comes first.
type part struct {
	text      string
	converts  bool
	hasKey    bool
	key       string
	flags     flags
	width     int // -1 where not given
	precision int // -1 where not given
	verb      rune
	err       error
}

type flags struct{ left, plus, blank, alternate, zero bool }

// ParseTemplate reads a template. Its mistakes are told by Execute.
//
// Source: Python 3.11 library reference, printf-style String Formatting; the
// order of errors is that of Objects/unicodeobject.c.
func ParseTemplate(text string) *Template {
	t := &Template{}
	for text != "" {
		plain, rest, found := strings.Cut(text, "%")
		if plain != "" {
			t.parts = append(t.parts, part{text: plain})
		}
		if !found {
			break
		}
		if after, ok := strings.CutPrefix(rest, "%"); ok {
			t.parts = append(t.parts, part{text: "%"})
			text = after
			continue
		}
		p, rest := parseConversion(rest)
		t.parts = append(t.parts, p)
		text = rest
	}
	return t
}

// parseConversion reads what follows a percent sign, and returns what is left.
func parseConversion(s string) (part, string) {
	p := part{converts: true, width: -1, precision: -1}
	if strings.HasPrefix(s, "(") {
		end := closing(s)
		if end < 0 {
			p.err = errIncompleteKey
			return p, ""
		}
		p.hasKey, p.key, s = true, s[1:end], s[end+1:]
	}
	s = p.parseFlags(s)
	s = p.parseSize(s, &p.width)
	if strings.HasPrefix(s, ".") {
		p.precision = 0
		s = p.parseSize(s[1:], &p.precision)
	}
	if s != "" && strings.ContainsRune("hlL", rune(s[0])) {
		s = s[1:]
	}
	if s == "" {
		p.fail(errIncomplete)
		return p, ""
	}
	verb, size := utf8.DecodeRuneInString(s)
	p.verb = verb
	return p, s[size:]
}

// closing returns where the key that starts s ends, -1 if it does not.
// Parentheses inside a key are counted.
func closing(s string) int {
	depth := 0
	for i, c := range []byte(s) {
		switch c {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

func (p *part) parseFlags(s string) string {
	for s != "" {
		switch s[0] {
		case '-':
			p.flags.left = true
		case '+':
			p.flags.plus = true
		case ' ':
			p.flags.blank = true
		case '#':
			p.flags.alternate = true
		case '0':
			p.flags.zero = true
		default:
			return s
		}
		s = s[1:]
	}
	return s
}

func (p *part) parseSize(s string, size *int) string {
	if strings.HasPrefix(s, "*") {
		p.fail(errStar)
		return s[1:]
	}
	for s != "" && '0' <= s[0] && s[0] <= '9' {
		*size = max(*size, 0)*10 + int(s[0]-'0')
		if *size > maxWidth {
			p.fail(errWide)
			*size = maxWidth
		}
		s = s[1:]
	}
	return s
}

func (p *part) fail(err error) {
	if p.err == nil {
		p.err = err
	}
}

// Keys returns the keys that the template asks the target for.
func (t *Template) Keys() []string {
	var keys []string
	for i := range t.parts {
		if t.parts[i].hasKey {
			keys = append(keys, t.parts[i].key)
		}
	}
	return keys
}

// A Conversion is what a template asks of its mapping.
type Conversion struct {
	Key   string
	Keyed bool
	Verb  rune
	Err   error // why Execute fails when it is reached, whatever the value
}

// Conversions returns what the template asks for, in its order.
func (t *Template) Conversions() []Conversion {
	var all []Conversion
	for i := range t.parts {
		p := &t.parts[i]
		if !p.converts {
			continue
		}
		c := Conversion{Key: p.key, Keyed: p.hasKey, Verb: p.verb, Err: p.err}
		switch {
		case !p.hasKey:
			c.Err = cmp.Or(p.err, errWhole)
		case c.Err == nil && !strings.ContainsRune(verbs, p.verb):
			_, c.Err = p.convert("")
		}
		all = append(all, c)
	}
	return all
}

// verbs are the conversions that there are.
const verbs = "sracdiuxXoeEfFgG"

// wholeMapping stands for the text of a mapping as a whole, which need not know
// its keys. It equals no text that a rule compares it with.
const wholeMapping = "{\x00"

// Execute fills the template in. ok is false as soon as a key is missing. The
// mapping as a whole, without a key, can be had as a text by the first conversion
// alone.
func (t *Template) Execute(lookup func(key string) (any, bool)) (text string, ok bool, err error) {
	var b strings.Builder
	taken := false
	for i := range t.parts {
		p := &t.parts[i]
		if !p.converts {
			b.WriteString(p.text)
			continue
		}
		text, found, err := p.fill(lookup, taken)
		if !found || err != nil {
			return "", found, err
		}
		b.WriteString(text)
		taken = true
	}
	return b.String(), true, nil
}

func (p *part) fill(lookup func(key string) (any, bool), taken bool) (text string, found bool, err error) {
	switch {
	case p.hasKey:
		value, found := lookup(p.key)
		if !found {
			return "", false, nil
		}
		text, err := p.apply(value)
		return text, true, err
	case p.err != nil:
		return "", true, p.err
	case taken:
		return "", true, errArguments
	case !strings.ContainsRune("sra", p.verb):
		return "", true, errNotNumber
	}
	return p.pad("", p.cut(wholeMapping), false), true, nil
}

func (p *part) apply(value any) (string, error) {
	if p.err != nil {
		return "", p.err
	}
	return p.convert(value)
}
