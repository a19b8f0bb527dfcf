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
	switch v := value.(type) {
	case nil:
		return "None", nil
	case bool:
		if v {
			return "True", nil
		}
		return "False", nil
	case string:
		return quote(v), nil
	case *string:
		if v == nil {
			return "None", nil
		}
		return quote(*v), nil
	case int:
		return strconv.Itoa(v), nil
	case int32:
		return strconv.FormatInt(int64(v), 10), nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	case uint64:
		return strconv.FormatUint(v, 10), nil
	case *big.Int:
		return v.String(), nil
	case float64:
		return floatText(v), nil
	case json.Number:
		return numberText(v)
	case []string:
		return sequence("[", "]", v, func(s string) (string, error) { return quote(s), nil })
	case []any:
		return sequence("[", "]", v, Repr)
	case tuple:
		if len(v) == 1 {
			return sequence("(", ",)", v, Repr)
		}
		return sequence("(", ")", v, Repr)
	case set:
		if len(v) == 0 {
			return "set()", nil
		}
		return sequence("{", "}", v, Repr)
	case bytes:
		return "b" + quoteBytes(string(v)), nil
	case ellipsis:
		return "Ellipsis", nil
	case map[string]any:
		return sequence("{", "}", slices.Sorted(maps.Keys(v)), func(k string) (string, error) {
			text, err := Repr(v[k])
			return quote(k) + ": " + text, err
		})
	}
	return "", fmt.Errorf("a value of type %T has no text", value)
}

func sequence[T any](opening, closing string, elements []T, show func(T) (string, error)) (string, error) {
	texts := make([]string, len(elements))
	for i, e := range elements {
		text, err := show(e)
		if err != nil {
			return "", err
		}
		texts[i] = text
	}
	return opening + strings.Join(texts, ", ") + closing, nil
}

// numberText is the text of a JSON number as Python's json module reads it: an
// int unless it has a fraction or an exponent.
func numberText(n json.Number) (string, error) {
	if i, ok := new(big.Int).SetString(n.String(), 10); ok {
		return i.String(), nil
	}
	f, err := strconv.ParseFloat(n.String(), 64)
	if err != nil && !math.IsInf(f, 0) {
		return "", fmt.Errorf("the number %q has no text: %w", n, err)
	}
	return floatText(f), nil
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

// quote is repr of a text: single quotes, unless it holds some and no double.
func quote(s string) string {
	mark := quotes(s)
	b := []byte{mark}
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
	return string(append(b, mark))
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
