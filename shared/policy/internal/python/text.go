package python

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text is Python's str(value). A *string stands for its text, or for None. A
// mapping is shown in the order of its keys: Go keeps no other. Errors: a value
// of a type that no policy meets.
func Text(value any) (string, error) {
	switch v := value.(type) {
	case string:
		return v, nil
	case *string:
		if v != nil {
			return *v, nil
		}
	}
	return Repr(value)
}

// Repr is Python's repr(value).
func Repr(value any) (string, error) {
	switch v := value.(type) { // what decisions meet most costs no allocation
	case nil:
		return "None", nil
	case bool:
		return boolText(v), nil
	}
	b, err := appendRepr(nil, value)
	return string(b), err
}

// appendRepr adds the text of a value, in time that grows with the text alone,
// however deep the value is.
func appendRepr(b []byte, value any) ([]byte, error) {
	switch v := value.(type) {
	case []string:
		return sequence(b, "[", "]", v, func(b []byte, s string) ([]byte, error) { return appendQuoted(b, s), nil })
	case []any:
		return sequence(b, "[", "]", v, appendRepr)
	case tuple:
		if len(v) == 1 {
			return sequence(b, "(", ",)", v, appendRepr)
		}
		return sequence(b, "(", ")", v, appendRepr)
	case set:
		if len(v) == 0 {
			return append(b, "set()"...), nil
		}
		return sequence(b, "{", "}", v, appendRepr)
	case map[string]any:
		return sequence(b, "{", "}", slices.Sorted(maps.Keys(v)), func(b []byte, k string) ([]byte, error) {
			return appendRepr(append(appendQuoted(b, k), ": "...), v[k])
		})
	}
	return appendScalar(b, value)
}

func boolText(b bool) string {
	if b {
		return "True"
	}
	return "False"
}

func appendScalar(b []byte, value any) ([]byte, error) {
	switch v := value.(type) {
	case nil:
		return append(b, "None"...), nil
	case bool:
		return append(b, boolText(v)...), nil
	case string:
		return appendQuoted(b, v), nil
	case *string:
		if v == nil {
			return append(b, "None"...), nil
		}
		return appendQuoted(b, *v), nil
	case int:
		return strconv.AppendInt(b, int64(v), 10), nil
	case int32:
		return strconv.AppendInt(b, int64(v), 10), nil
	case int64:
		return strconv.AppendInt(b, v, 10), nil
	case uint64:
		return strconv.AppendUint(b, v, 10), nil
	case *big.Int:
		return v.Append(b, 10), nil
	case float64:
		return append(b, floatText(v)...), nil
	case json.Number:
		text, err := numberText(v)
		return append(b, text...), err
	case bytes:
		return append(append(b, 'b'), quoteBytes(string(v))...), nil
	case ellipsis:
		return append(b, "Ellipsis"...), nil
	}
	return b, fmt.Errorf("a value of type %T has no text", value)
}

func sequence[T any](b []byte, opening, closing string, elements []T, show func([]byte, T) ([]byte, error)) ([]byte, error) {
	b = append(b, opening...)
	for i, e := range elements {
		if i > 0 {
			b = append(b, ", "...)
		}
		var err error
		if b, err = show(b, e); err != nil {
			return nil, err
		}
	}
	return append(b, closing...), nil
}

// maxDigits is how many digits a number may have that is made a text, or read
// from one: beyond, that takes more and more time.
//
// Source: Python standard library, "Integer string conversion length limitation".
const maxDigits = 4300

var errDigits = fmt.Errorf("a number with more than %d digits has no text", maxDigits)

// numberText is the text of a JSON number as Python's json module reads it: an
// int unless it has a fraction or an exponent.
func numberText(n json.Number) (string, error) {
	if i, ok := parseInt(n); ok {
		return i.String(), nil
	}
	f, err := strconv.ParseFloat(n.String(), 64)
	switch {
	case err != nil && !math.IsInf(f, 0):
		return "", fmt.Errorf("the number %q has no text: %w", n, err)
	case !strings.ContainsAny(n.String(), ".eE"):
		return "", errDigits
	}
	return floatText(f), nil
}

// parseInt reads a number without fraction and exponent; ok is false where it is
// no such, or has too many digits.
func parseInt(n json.Number) (i *big.Int, ok bool) {
	if digits := strings.TrimPrefix(n.String(), "-"); len(digits) > maxDigits {
		return nil, false
	}
	return new(big.Int).SetString(n.String(), 10)
}

// floatText is the shortest text that reads back as f, with an exponent below
// 1e-4 and from 1e16 on.
func floatText(f float64) string {
	switch {
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	case math.IsNaN(f):
		return "nan"
	}
	if a := math.Abs(f); a != 0 && (a < 1e-4 || a >= 1e16) {
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	text := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}

// appendQuoted adds repr of a text: single quotes, unless it holds some and no double.
func appendQuoted(b []byte, s string) []byte {
	mark := quotes(s)
	b = append(b, mark)
	for _, r := range s {
		switch {
		case r < utf8.RuneSelf:
			b = appendASCII(b, byte(r), mark)
		case isPrintable(r):
			b = utf8.AppendRune(b, r)
		default:
			b = appendEscape(b, r)
		}
	}
	return append(b, mark)
}

func quoteBytes(s string) string {
	mark := quotes(s)
	b := []byte{mark}
	for _, c := range []byte(s) {
		b = appendASCII(b, c, mark)
	}
	return string(append(b, mark))
}

func quotes(s string) byte {
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		return '"'
	}
	return '\''
}

func appendASCII(b []byte, c, mark byte) []byte {
	switch {
	case c == mark || c == '\\':
		return append(b, '\\', c)
	case c == '\n':
		return append(b, `\n`...)
	case c == '\r':
		return append(b, `\r`...)
	case c == '\t':
		return append(b, `\t`...)
	case c < ' ' || c > '~':
		return appendEscape(b, rune(c))
	}
	return append(b, c)
}

func isPrintable(r rune) bool {
	return unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S)
}

func appendEscape(b []byte, r rune) []byte {
	switch {
	case r < 0x100:
		return fmt.Appendf(b, `\x%02x`, r)
	case r < 0x10000:
		return fmt.Appendf(b, `\u%04x`, r)
	}
	return fmt.Appendf(b, `\U%08x`, r)
}
