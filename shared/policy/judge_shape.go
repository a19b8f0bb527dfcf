package policy

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/gander-images/gander/shared/policy/internal/python"
)

// shape judges what stands around the checks of a text: quotes, operators,
// parentheses.
func (j *judge) shape(text string) string {
	if strings.ContainsAny(text, invisible) {
		j.fault(refused, "it has characters that nobody sees, such as a zero-width space; they are part of the text")
		text = withoutInvisible(text)
	}
	if strings.ContainsAny(text, typographic) {
		j.fault(refused, "it has typographic quotes or wide signs, which are letters to YAML and to the rule; ' and \" are quotes")
		text = straightener.Replace(text)
		if inner, quoted := unwrap(strings.TrimRight(text, " ,")); quoted { // of a line out of JSON
			text = inner
		}
	} else if inner, twice := unwrap(text); twice {
		j.fault(refused, "it has quotes within the quotes of the file, which are part of the rule")
		text = inner
	}
	if bothQuoted.MatchString(text) {
		j.fault(refused, "%s has quotes on the right side, which are part of the value", strings.TrimSpace(bothQuoted.FindString(text)))
		text = bothQuoted.ReplaceAllString(text, "$1:$2$3")
	}
	text = j.operators(text)
	if strings.Contains(text, "%(") {
		text = j.conversions(text)
	}
	return text
}

// bothQuoted is a check with quotes around both sides. Without parentheses it is
// no check to oslo.policy.
var bothQuoted = regexp.MustCompile(`('[^'\s]*'|"[^"\s]*"):(?:'([^'\s]+)'|"([^"\s]+)")`)

// unwrap takes away quotes that stand around the whole of a text, and around
// nothing less.
func unwrap(text string) (string, bool) {
	trimmed := strings.TrimFunc(text, python.IsSpace)
	if !isQuoted(trimmed) {
		return text, false
	}
	inner := trimmed[1 : len(trimmed)-1]
	if inner == "" || strings.Contains(inner, trimmed[:1]) {
		return text, false
	}
	return inner, true
}

// An imitation is what other languages write for an operator of this one.
type imitation struct {
	form   *regexp.Regexp
	write  string
	reason string
	parses bool // it may be in a text that parses
}

const stuck = "there has to be a blank between an operator and a parenthesis"

var imitations = []imitation{
	{regexp.MustCompile(`\s*&&\s*`), " and ", `"&&" is no operator; "and" is`, true},
	{regexp.MustCompile(`\s*\|\|\s*`), " or ", `"||" is no operator; "or" is`, true},
	{regexp.MustCompile(`\s&\s`), " and ", `"&" is no operator; "and" is`, false},
	{regexp.MustCompile(`\s\|\s`), " or ", `"|" is no operator; "or" is`, false},
	{regexp.MustCompile(`\s+==?\s+`), ":", `"=" is no operator; a check has a colon between its sides`, false},
	{regexp.MustCompile(`(^|[\s(])!\s+`), "${1}not ", `"!" before a check is no operator; "not" is`, false},
	{regexp.MustCompile(`(^|[\s(])!\(`), "${1}not (", `"!" before a parenthesis is no operator; "not" is`, true},
	{regexp.MustCompile(`\)((?i:and|or))(\s|\(|$)`), ") ${1}${2}", stuck, true},
	{regexp.MustCompile(`(^|[\s)])((?i:and|or|not))\(`), "${1}${2} (", stuck, true},
	{regexp.MustCompile(`\(((?i:not))\(`), "(${1} (", stuck, true},
}

// operators judges what is written in place of operators.
func (j *judge) operators(text string) string {
	for _, i := range imitations {
		if !i.form.MatchString(text) {
			continue
		}
		if _, parses := parse(text); parses && !i.parses {
			continue
		}
		j.fault(refused, "%s", i.reason)
		text = i.form.ReplaceAllString(text, i.write)
	}
	return text
}

// forgotten is a template that ends where its conversion should stand.
var forgotten = regexp.MustCompile(`%\(([\w.-]+)\)([\s)]|$)`)

// conversions judges templates without their conversion. The parenthesis at
// their end belongs to the rule, which then does not parse.
func (j *judge) conversions(text string) string {
	if !forgotten.MatchString(text) {
		return text
	}
	j.fault(refused, "%s lacks the s that ends it", strings.TrimSpace(forgotten.FindString(text)))
	return forgotten.ReplaceAllString(text, "%($1)s$2")
}

// why says why a text does not parse.
func why(text string) string {
	operand, depth, before := true, 0, ""
	for _, t := range tokenize(text) {
		switch t.kind {
		case tokenString:
			return "a quoted text alone is no check"
		case tokenAnd, tokenOr:
			if operand {
				return fmt.Sprintf("there is no check before %q", t.word())
			}
			operand = true
		case tokenClose:
			if operand {
				return "there is no check before a closing parenthesis"
			}
			depth--
		default:
			if !operand && strings.HasSuffix(before, ",") {
				return "a comma is no operator; and is one, and or"
			}
			if !operand {
				return fmt.Sprintf("there is neither and nor or between %q and %q", before, t.word())
			}
			operand = t.kind != tokenCheck
			if t.kind == tokenOpen {
				depth++
			}
		}
		before = t.word()
	}
	switch {
	case operand:
		return "it ends where a check should follow"
	case depth > 0:
		return "a parenthesis is not closed"
	}
	return "a parenthesis is closed that was not opened"
}

// word is the token as it is written.
func (t token) word() string {
	return [...]string{"(", ")", "and", "or", "not", "a quoted text", t.text}[t.kind]
}

// rewrite replaces the checks of a text, and leaves the rest as it stands.
func rewrite(text string, replace func(check string) string) string {
	var b strings.Builder
	for text != "" {
		piece := strings.TrimLeftFunc(text, python.IsSpace)
		b.WriteString(text[:len(text)-len(piece)])
		end := strings.IndexFunc(piece, python.IsSpace)
		if end < 0 {
			end = len(piece)
		}
		text, piece = piece[end:], piece[:end]
		inner := strings.TrimLeft(piece, "(")
		clean := strings.TrimRight(inner, ")")
		b.WriteString(piece[:len(piece)-len(inner)])
		if clean != "" && word(clean, inner).kind == tokenCheck {
			b.WriteString(replace(clean))
		} else {
			b.WriteString(clean)
		}
		b.WriteString(inner[len(clean):])
	}
	return b.String()
}
