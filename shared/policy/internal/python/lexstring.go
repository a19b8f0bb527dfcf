package python

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

var stringStart = regexp.MustCompile(`^(?i:rb|br|fr|rf|[rubf])?['"]`)

// stringPrefix returns the letters before the quotes that begin s.
func stringPrefix(s string) (string, bool) {
	start := stringStart.FindString(s)
	if start == "" {
		return "", false
	}
	return start[:len(start)-1], true
}

// lexString reads a string whose quotes begin s.
func lexString(prefix, s string) (lexeme, string, bool) {
	prefix = strings.ToLower(prefix)
	mark := s[:1]
	if triple := strings.Repeat(mark, 3); strings.HasPrefix(s, triple) {
		mark = triple
	}
	body, rest, ok := cutString(s[len(mark):], mark)
	if !ok || strings.Contains(prefix, "f") {
		return lexeme{}, "", false
	}
	isBytes := strings.Contains(prefix, "b")
	if isBytes && !isASCII(body) {
		return lexeme{}, "", false
	}
	if !strings.Contains(prefix, "r") {
		if body, ok = unescape(body, isBytes); !ok {
			return lexeme{}, "", false
		}
	}
	if isBytes {
		return lexeme{value: bytes(body)}, rest, true
	}
	return lexeme{value: body}, rest, true
}

// cutString returns what is before the closing mark and what is after it.
func cutString(s, mark string) (body, rest string, ok bool) {
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' {
			i++
		} else if strings.HasPrefix(s[i:], mark) {
			return s[:i], s[i+len(mark):], true
		}
	}
	return "", "", false
}

var simpleEscapes = map[byte]byte{
	'\\': '\\', '\'': '\'', '"': '"', 'a': '\a', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v',
}

// unescape resolves the escapes of a string; those that mean nothing stay.
//
// Source: Python 3.11 language reference, String and Bytes literals.
func unescape(s string, isBytes bool) (string, bool) {
	var b []byte
	for {
		plain, rest, found := strings.Cut(s, `\`)
		b = append(b, plain...)
		if !found {
			return string(b), true
		}
		c := rest[0] // cutString lets no string end in a lone backslash
		if e, ok := simpleEscapes[c]; ok {
			b, s = append(b, e), rest[1:]
			continue
		}
		code, length, ok := numericEscape(rest, isBytes)
		switch {
		case !ok:
			return "", false
		case length == 0:
			b, s = append(b, '\\'), rest
		case isBytes:
			b, s = append(b, byte(code)), rest[length:]
		default:
			b, s = utf8.AppendRune(b, code), rest[length:]
		}
	}
}

// numericEscape reads the escapes that give a character by number. length is 0
// where there is none.
func numericEscape(s string, isBytes bool) (code rune, length int, ok bool) {
	var width int
	switch c := s[0]; {
	case '0' <= c && c <= '7':
		n := 1
		for n < 3 && n < len(s) && '0' <= s[n] && s[n] <= '7' {
			n++
		}
		v, _ := strconv.ParseUint(s[:n], 8, 16)
		return rune(v), n, true
	case c == 'x':
		width = 2
	case c == 'u' && !isBytes:
		width = 4
	case c == 'U' && !isBytes:
		width = 8
	case c == 'N' && !isBytes:
		return 0, 0, false
	default:
		return 0, 0, true
	}
	if len(s) < 1+width {
		return 0, 0, false
	}
	v, err := strconv.ParseUint(s[1:1+width], 16, 32)
	if err != nil || v > utf8.MaxRune || !utf8.ValidRune(rune(v)) {
		return 0, 0, false
	}
	return rune(v), 1 + width, true
}
