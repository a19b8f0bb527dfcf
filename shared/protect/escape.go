package protect

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The sets of Python's texts, which know all of Unicode; Go's know ASCII.
const (
	digits = `\p{Nd}`
	words  = `_\p{L}\p{N}`
	spaces = `\t-\r\x1c-\x1f\x{85}\p{Z}`
)

// outside are the escapes that mean something outside of a set.
var outside = map[rune]string{
	'd': "[" + digits + "]", 'D': "[^" + digits + "]",
	'w': "[" + words + "]", 'W': "[^" + words + "]",
	's': "[" + spaces + "]", 'S': "[^" + spaces + "]",
}

// anchors are the escapes that stand for places. The end has its new name since
// Python 3.14.
var anchors = map[rune]string{'A': `\A`, 'Z': `\z`, 'z': `\z`}

// within are those that mean something in a set, of several characters.
var within = map[rune]string{'d': digits, 'D': `\P{Nd}`, 'w': words, 's': spaces}

// escape translates what follows a backslash outside of a set.
func (t *translation) escape() error {
	c, size := utf8.DecodeRuneInString(t.rest)
	switch {
	case size == 0:
		return errors.New("the expression ends with a backslash")
	case outside[c] != "":
		t.rest = t.rest[size:]
		t.write(outside[c], true)
		return nil
	case anchors[c] != "":
		t.rest = t.rest[size:]
		t.write(anchors[c], false)
		return nil
	case c == 'b' || c == 'B':
		return fmt.Errorf(`Go's \%c knows ASCII letters alone; name what stands before and behind the word, as in (?:^|\W)`, c)
	case c >= '1' && c <= '9':
		return fmt.Errorf(`Go's expressions have no back-references, \%c`, c)
	}
	char, err := t.character()
	t.write(regexp.QuoteMeta(string(char)), true)
	return err
}

// plain are the escapes of one character, in and out of sets.
var plain = map[rune]rune{'a': '\a', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v'}

// hexDigits is how many hexadecimal digits follow an escape.
var hexDigits = map[rune]int{'x': 2, 'u': 4, 'U': 8}

// character reads one character behind a backslash.
func (t *translation) character() (rune, error) {
	c := t.take()
	switch {
	case plain[c] != 0:
		return plain[c], nil
	case hexDigits[c] > 0:
		n := hexDigits[c]
		code, err := strconv.ParseUint(t.rest[:min(n, len(t.rest))], 16, 32)
		if err != nil || len(t.rest) < n || !utf8.ValidRune(rune(code)) { //nolint:gosec // 32 bits were asked for, and are looked at
			return 0, fmt.Errorf(`\%c needs %d hexadecimal digits of a character`, c, n)
		}
		t.rest = t.rest[n:]
		return rune(code), nil //nolint:gosec // it is a valid one
	case c >= '0' && c <= '9':
		return 0, fmt.Errorf(`\%c begins a number in base 8; write \x and two digits`, c)
	case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
		return 0, fmt.Errorf(`\%c means nothing, or another thing to Python than to Go`, c)
	}
	return c, nil
}

// set translates what stands behind an opening bracket, up to the closing one.
func (t *translation) set() error {
	t.out.WriteByte('[')
	if strings.HasPrefix(t.rest, "^") {
		t.rest = t.rest[1:]
		t.out.WriteByte('^')
	}
	for first := true; ; first = false {
		switch {
		case t.rest == "":
			return errors.New("a set has no closing bracket")
		case t.rest[0] == ']' && !first:
			t.rest = t.rest[1:]
			t.out.WriteByte(']')
			return nil
		}
		if err := t.member(); err != nil {
			return err
		}
	}
}

// member translates a character of a set, a range of them, or a set in the set.
func (t *translation) member() error {
	if several, ok := t.several(); ok {
		if strings.HasPrefix(t.rest, "-") && !strings.HasPrefix(t.rest, "-]") {
			return errors.New(`a set such as \w cannot begin a range`)
		}
		t.out.WriteString(several)
		return nil
	}
	low, err := t.one()
	if err != nil {
		return err
	}
	fmt.Fprintf(&t.out, `\x{%x}`, low)
	if !strings.HasPrefix(t.rest, "-") || strings.HasPrefix(t.rest, "-]") || t.rest == "-" {
		return nil
	}
	t.rest = t.rest[1:]
	if _, ok := t.several(); ok {
		return errors.New(`a set such as \w cannot end a range`)
	}
	high, err := t.one()
	if err != nil {
		return err
	}
	fmt.Fprintf(&t.out, `-\x{%x}`, high)
	return nil
}

// several takes an escape of several characters.
func (t *translation) several() (set string, ok bool) {
	if len(t.rest) < 2 || t.rest[0] != '\\' || within[rune(t.rest[1])] == "" {
		return "", false
	}
	set = within[rune(t.rest[1])]
	t.rest = t.rest[2:]
	return set, true
}

// one takes one character of a set.
func (t *translation) one() (rune, error) {
	c := t.take()
	switch {
	case c != '\\':
		return c, nil
	case t.rest == "":
		return 0, errors.New("the expression ends with a backslash")
	case t.rest[0] == 'b':
		return 0, errors.New(`\b in a set is the backspace; write \x08`)
	case t.rest[0] == 'W', t.rest[0] == 'S':
		return 0, fmt.Errorf(`\%c in a set cannot be told to Go; name the characters`, t.rest[0])
	}
	return t.character()
}
