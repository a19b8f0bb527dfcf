package python

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"
)

var (
	errNotNumber = errors.New("a number is required")
	errNotInt    = errors.New("an integer is required")
	errNotChar   = errors.New("%c requires int or char")
)

// convert is one conversion of one value.
func (p *part) convert(value any) (string, error) {
	switch p.verb {
	case 's', 'r', 'a':
		text, err := p.show(value)
		return p.pad("", p.cut(text), false), err
	case 'c':
		text, err := character(value)
		return p.pad("", text, false), err
	case 'd', 'i', 'u':
		return p.decimal(value)
	case 'x', 'X', 'o':
		return p.based(value)
	case 'e', 'E', 'f', 'F', 'g', 'G':
		return p.floating(value)
	}
	return "", fmt.Errorf("unsupported format character %q", p.verb)
}

func (p *part) show(value any) (string, error) {
	switch p.verb {
	case 's':
		return Text(value)
	case 'r':
		return Repr(value)
	}
	text, err := Repr(value)
	return ascii(text), err
}

// ascii escapes what is beyond ASCII in a text that Repr made.
func ascii(text string) string {
	var b []byte
	for _, r := range text {
		if r < utf8.RuneSelf {
			b = append(b, byte(r))
		} else {
			b = appendEscape(b, r)
		}
	}
	return string(b)
}

// cut keeps as many characters as the precision says.
func (p *part) cut(text string) string {
	count := 0
	for i := range text {
		if count == p.precision {
			return text[:i]
		}
		count++
	}
	return text
}

func character(value any) (string, error) {
	if s, ok := value.(*string); ok && s != nil {
		value = *s
	}
	if s, ok := value.(string); ok {
		if utf8.RuneCountInString(s) != 1 {
			return "", errNotChar
		}
		return s, nil
	}
	n, ok := integer(value)
	if !ok || !n.IsInt64() || n.Int64() < 0 || n.Int64() > utf8.MaxRune {
		return "", errNotChar
	}
	return string(rune(n.Int64())), nil
}

func (p *part) decimal(value any) (string, error) {
	n, ok := integer(value)
	if !ok {
		f, ok := float(value)
		if !ok || math.IsInf(f, 0) || math.IsNaN(f) {
			return "", errNotNumber
		}
		n, _ = big.NewFloat(f).Int(nil)
	}
	return p.digits(n, 10, ""), nil
}

func (p *part) based(value any) (string, error) {
	n, ok := integer(value)
	if !ok {
		return "", errNotInt
	}
	base := 16
	if p.verb == 'o' {
		base = 8
	}
	prefix := ""
	if p.flags.alternate {
		prefix = "0" + string(p.verb)
	}
	text := p.digits(n, base, strings.ToLower(prefix))
	if p.verb == 'X' {
		text = strings.ToUpper(text)
	}
	return text, nil
}

func (p *part) digits(n *big.Int, base int, prefix string) string {
	body := new(big.Int).Abs(n).Text(base)
	if missing := p.precision - len(body); missing > 0 {
		body = strings.Repeat("0", missing) + body
	}
	return p.pad(p.sign(n.Sign() < 0)+prefix, body, true)
}

func (p *part) floating(value any) (string, error) {
	f, ok := float(value)
	if !ok {
		return "", errNotNumber
	}
	precision := p.precision
	if precision < 0 {
		precision = 6
	}
	var body string
	switch a := math.Abs(f); {
	case math.IsInf(a, 0):
		body = "inf"
	case math.IsNaN(a):
		body = "nan"
	case p.flags.alternate:
		body = fmt.Sprintf("%#.*"+strings.ToLower(string(p.verb)), precision, a)
	case p.verb == 'g' || p.verb == 'G':
		body = strconv.FormatFloat(a, 'g', max(precision, 1), 64)
	default:
		body = strconv.FormatFloat(a, byte(p.verb|0x20), precision, 64)
	}
	if p.verb < 'a' {
		body = strings.ToUpper(body)
	}
	return p.pad(p.sign(math.Signbit(f) && !math.IsNaN(f)), body, true), nil
}

func (p *part) sign(negative bool) string {
	switch {
	case negative:
		return "-"
	case p.flags.plus:
		return "+"
	case p.flags.blank:
		return " "
	}
	return ""
}

// pad fills up to the width: zeros go between prefix and body, blanks around
// both.
func (p *part) pad(prefix, body string, number bool) string {
	missing := p.width - utf8.RuneCountInString(prefix) - utf8.RuneCountInString(body)
	switch {
	case missing <= 0:
		return prefix + body
	case p.flags.left:
		return prefix + body + strings.Repeat(" ", missing)
	case p.flags.zero && number:
		return prefix + strings.Repeat("0", missing) + body
	}
	return strings.Repeat(" ", missing) + prefix + body
}

// integer returns value as Python's int, of which bool is one.
func integer(value any) (*big.Int, bool) {
	switch v := value.(type) {
	case bool:
		if v {
			return big.NewInt(1), true
		}
		return new(big.Int), true
	case int:
		return big.NewInt(int64(v)), true
	case int32:
		return big.NewInt(int64(v)), true
	case int64:
		return big.NewInt(v), true
	case uint64:
		return new(big.Int).SetUint64(v), true
	case json.Number:
		return parseInt(v)
	}
	return nil, false
}

func float(value any) (float64, bool) {
	switch v := value.(type) {
	case float64:
		return v, true
	case json.Number:
		f, err := v.Float64()
		return f, err == nil || math.IsInf(f, 0)
	}
	n, ok := integer(value)
	if !ok {
		return 0, false
	}
	f, _ := new(big.Float).SetInt(n).Float64()
	return f, !math.IsInf(f, 0)
}
