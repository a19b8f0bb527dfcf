package main

import "strings"

// unquote takes strace's escapes out of a text: those of C, with up to three
// octal digits.
func unquote(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		if n, digits := octal(s[i:]); digits > 0 {
			b.WriteByte(n)
			i += digits - 1
			continue
		}
		b.WriteByte(escaped(s[i]))
	}
	return b.String()
}

func octal(s string) (n byte, digits int) {
	for digits < min(3, len(s)) && s[digits] >= '0' && s[digits] <= '7' {
		n = n<<3 | (s[digits] - '0')
		digits++
	}
	return n, digits
}

func escaped(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 't':
		return '\t'
	case 'r':
		return '\r'
	case 'v':
		return '\v'
	case 'f':
		return '\f'
	}
	return c // a quote or a backslash
}
