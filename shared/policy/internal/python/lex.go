package python

import (
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

type lexeme struct {
	text  string // of a name, a keyword or an operator
	name  bool   // a name that is no keyword
	value any    // of a number, a text, bytes
}

var keywords = wordSet("False None True and as assert async await break class continue def del elif else except " +
	"finally for from global if import in is lambda nonlocal not or pass raise return try while with yield")

// operators, longer ones before those that start them.
var operators = strings.Fields("... ** // << >> <= >= == != + - * / % @ & | ^ ~ < > ( ) [ ] { } , . =")

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(words) {
		set[w] = true
	}
	return set
}

// lex cuts an expression into lexemes.
//
// Source: Python 3.11 language reference, Lexical analysis.
func lex(s string) ([]lexeme, bool) {
	if strings.ContainsAny(s, "\n\r\x00") || !utf8.ValidString(s) {
		return nil, false
	}
	var tokens []lexeme
	for s = skipBlanks(s); s != ""; s = skipBlanks(s) {
		token, rest, ok := next(s)
		if !ok {
			return nil, false
		}
		tokens = append(tokens, token)
		s = rest
	}
	return tokens, true
}

func skipBlanks(s string) string {
	s = strings.TrimLeft(s, " \t\f")
	if strings.HasPrefix(s, "#") {
		return ""
	}
	return s
}

func next(s string) (lexeme, string, bool) {
	if prefix, ok := stringPrefix(s); ok {
		return lexString(prefix, s[len(prefix):])
	}
	if startsNumber(s) {
		return lexNumber(s)
	}
	if n := nameLen(s); n > 0 {
		word := s[:n]
		return lexeme{text: word, name: !keywords[word]}, s[n:], true
	}
	for _, op := range operators {
		if rest, ok := strings.CutPrefix(s, op); ok {
			return lexeme{text: op}, rest, true
		}
	}
	return lexeme{}, "", false
}

// nameLen is how many bytes at the start of s are one identifier.
func nameLen(s string) int {
	for i, r := range s {
		if !startsName(r) && (i == 0 || !continuesName(r)) {
			return i
		}
	}
	return len(s)
}

func startsName(r rune) bool {
	return r == '_' || unicode.In(r, unicode.L, unicode.Nl, unicode.Other_ID_Start)
}

func continuesName(r rune) bool {
	return unicode.In(r, unicode.Mn, unicode.Mc, unicode.Nd, unicode.Pc, unicode.Other_ID_Continue)
}

var (
	basedNumber = regexp.MustCompile(`^0(?:[xX](?:_?[0-9a-fA-F])+|[oO](?:_?[0-7])+|[bB](?:_?[01])+)`)
	floatNumber = regexp.MustCompile(`^(?:` + digits + `\.(?:` + digits + `)?|\.` + digits + `)(?:` + exponent + `)?|^` + digits + exponent)
	intNumber   = regexp.MustCompile(`^(?:[1-9](?:_?[0-9])*|0(?:_?0)*)`)
	afterNumber = regexp.MustCompile(`^(?:and|else|for|if|in|is|not|or)`)
)

const (
	digits   = `[0-9](?:_?[0-9])*`
	exponent = `[eE][+-]?` + digits
)

func startsNumber(s string) bool {
	return isDigit(s[0]) || s[0] == '.' && len(s) > 1 && isDigit(s[1])
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func lexNumber(s string) (lexeme, string, bool) {
	for _, form := range []*regexp.Regexp{basedNumber, floatNumber, intNumber} {
		text := form.FindString(s)
		if text == "" {
			continue
		}
		rest := s[len(text):]
		if !endsNumber(rest) || text == "0" && strings.HasPrefix(rest, "o") { // 0or is a bad octal number
			return lexeme{}, "", false
		}
		return lexeme{value: number(strings.ReplaceAll(text, "_", ""), form == floatNumber)}, rest, true
	}
	return lexeme{}, "", false
}

// endsNumber reports whether a number may be followed by rest: a digit or a
// letter may not, unless an operator begins there.
func endsNumber(rest string) bool {
	if rest == "" {
		return true
	}
	r, _ := utf8.DecodeRuneInString(rest)
	return !startsName(r) && !continuesName(r) || afterNumber.MatchString(rest)
}

func number(text string, isFloat bool) any {
	if isFloat {
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return math.Inf(1)
		}
		return f
	}
	n, ok := new(big.Int).SetString(text, 0)
	if !ok { // 00 is a zero, not octal
		return new(big.Int)
	}
	return n
}
