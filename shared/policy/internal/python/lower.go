package python

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	capitalSigma = 'Σ'
	finalSigma   = 'ς'
	dottedI      = 'İ'
)

// Lower is Python's str.lower: the full mapping of Unicode, with the final
// sigma, where strings.ToLower has the simple one.
func Lower(s string) string {
	if !strings.ContainsRune(s, dottedI) && !strings.ContainsRune(s, capitalSigma) {
		return strings.ToLower(s)
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == dottedI:
			b.WriteString("i\u0307")
		case r == capitalSigma && endsWord(s, i):
			b.WriteRune(finalSigma)
		default:
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

// EqualLower reports whether Lower(s) is lowered, mostly without making it.
func EqualLower(s, lowered string) bool {
	if len(s) != len(lowered) {
		return !isASCII(s) && Lower(s) == lowered
	}
	for i := range len(s) {
		c := s[i]
		if c >= utf8.RuneSelf {
			return Lower(s) == lowered
		}
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lowered[i] {
			return !isASCII(s[i:]) && Lower(s) == lowered
		}
	}
	return true
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// endsWord is Unicode's condition Final_Sigma for the sigma at s[i]: a cased
// letter before it, none after it, characters that ignore case left aside.
func endsWord(s string, i int) bool {
	before := strings.TrimRightFunc(s[:i], ignoresCase)
	after := strings.TrimLeftFunc(s[i+utf8.RuneLen(capitalSigma):], ignoresCase)
	last, _ := utf8.DecodeLastRuneInString(before)
	first, _ := utf8.DecodeRuneInString(after)
	return isCased(last) && !isCased(first)
}

func isCased(r rune) bool {
	return unicode.In(r, unicode.Lu, unicode.Ll, unicode.Lt, unicode.Other_Lowercase, unicode.Other_Uppercase)
}

// ignoresCase is Unicode's property Case_Ignorable.
func ignoresCase(r rune) bool {
	return strings.ContainsRune("'.:·’‘․：．﹒﹕︓‧·՟״", r) ||
		unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf, unicode.Lm, unicode.Sk)
}
