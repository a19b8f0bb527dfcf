package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/gander-images/gander/shared/policy/internal/python"
)

// maxRuleLen bounds the text of one rule, in bytes.
const maxRuleLen = 64 << 10

// maxNesting bounds how deep operators stand within each other, in one rule and in
// what it refers to. An explanation decides each part anew, which takes the square
// of the depth.
const maxNesting = 200

// A judge looks for what is wrong with one rule, and puts it right as far as
// there is no doubt about what was meant.
type judge struct {
	rule  string          // its name
	known map[string]bool // rules that a reference may name
	some  bool            // there are more rules than is known

	faults []fault
	doubt  bool // something stays wrong
	gentle bool // only what is refused is put right
}

func (j *judge) fault(s severity, format string, args ...any) {
	f := fault{s, fmt.Sprintf(format, args...)}
	for _, known := range j.faults {
		if known == f {
			return
		}
	}
	j.faults = append(j.faults, f)
}

// value judges a rule as a file has it, and returns how it is put right.
func (j *judge) value(value any, raw string) any {
	switch v := value.(type) {
	case string:
		return j.text(v)
	case []any:
		if len(v) == 0 {
			return v
		}
		return j.list(v)
	}
	return j.other(value, raw)
}

// other judges a value that is neither text nor list. Whatever is empty to
// Python allows; whatever is not fails to load.
func (j *judge) other(value any, raw string) any {
	const ways = `write "" to allow, "!" to deny, or the rule between quotes`
	if !isEmpty(value) {
		if mapping, ok := value.(map[string]any); ok { // without values, which is what {role:x} is
			j.fault(refused, "a rule is a text or a list; oslo.policy takes the keys of a mapping for a list; %s", ways)
			return j.list(keys(mapping))
		}
		j.fault(broken, "a rule is a text or a list, not %s; %s", described(value, raw), ways)
		if value == true {
			return "@"
		}
		j.doubt = true
		return value
	}
	switch {
	case raw == "!":
		j.fault(refused, `"!" without quotes is nothing to YAML, which allows`)
		return "!"
	case value == false:
		j.fault(refused, "%s without quotes is false to YAML, which allows", described(value, raw))
		return "!"
	}
	j.fault(refused, "a rule is a text or a list, not %s, which allows; %s", described(value, raw), ways)
	j.doubt = true
	return value
}

func described(value any, raw string) string {
	switch {
	case raw != "":
		return raw
	case value == nil:
		return "nothing"
	}
	if _, ok := value.(map[string]any); ok {
		return "a mapping"
	}
	return fmt.Sprintf("%v", value)
}

// correct returns the rule put right, as a value for a file. ok is false where
// there is no telling what was meant.
func (j judge) correct(value any, raw string) (corrected any, ok bool) {
	first := judge{rule: j.rule, known: j.known, some: j.some, gentle: j.gentle}
	corrected = first.value(value, raw)
	if first.doubt {
		return nil, false
	}
	again := judge{rule: j.rule, known: j.known, some: j.some}
	again.value(corrected, "")
	for _, f := range again.faults {
		if f.severity != toldOnly || !j.gentle {
			return nil, false
		}
	}
	return corrected, true
}

// entryText is an entry as YAML and JSON take it.
func entryText(name string, value any) string { return quote(straight(name)) + ": " + quote(value) }

// quote writes a text, or a list of them, as JSON, which is YAML as well.
func quote(value any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		return ""
	}
	return strings.ReplaceAll(strings.TrimSuffix(b.String(), "\n"), "\u007f", `\u007f`)
}

// checkText says what keeps a text from being a rule at all.
func checkText(text string) error {
	switch {
	case len(text) > maxRuleLen:
		return fmt.Errorf("the text has %d bytes; at most %d are taken", len(text), maxRuleLen)
	case !utf8.ValidString(text):
		return errors.New("the text is not UTF-8")
	}
	return nil
}

func (j *judge) textFits(text string) bool {
	err := checkText(text)
	if err != nil {
		j.fault(broken, "%v", err)
		j.doubt = true
	}
	return err == nil
}

// text judges a rule in text form.
func (j *judge) text(text string) string {
	switch {
	case text == "" || !j.textFits(text):
		return text
	case strings.TrimFunc(text, python.IsSpace) == "":
		j.fault(refused, `it is made of blanks, which deny; only "" allows`)
		return "!"
	}
	before := len(j.faults)
	better := j.shape(text)
	meant, ok := parse(better)
	if !ok {
		j.fault(refused, "it does not parse, and so denies: %s", why(better))
		j.doubt = true
		return better
	}
	if depth := meant.nesting(); depth > maxNesting {
		j.fault(broken, "its operators stand within each other %d deep; at most %d are taken", depth, maxNesting)
		j.doubt = true
		return better
	}
	if _, ok := parse(text); !ok && len(j.faults) == before {
		j.fault(refused, "it does not parse, and so denies: %s", why(text))
	}
	return rewrite(better, j.check)
}

// check judges one check, and returns it put right.
func (j *judge) check(text string) string {
	if text == "@" || text == "!" {
		return text
	}
	prefix := ""
	if rest, marked := strings.CutPrefix(text, "!"); marked {
		j.fault(refused, `"!" before a check is no operator, but part of its left side; not is one`)
		prefix, text = "not ", rest
	}
	left, right, found := strings.Cut(text, ":")
	if !found {
		if left, right, found = j.equation(text); !found {
			return prefix + j.word(text)
		}
	}
	c := checked{judge: j, text: text, left: left, right: right}
	c.judgeAll()
	return prefix + c.result()
}

// equation cuts a check that has an equals sign where its colon belongs.
func (j *judge) equation(text string) (left, right string, found bool) {
	if left, right, found = strings.Cut(text, "=="); !found {
		left, right, found = strings.Cut(text, "=")
	}
	found = found && left != "" && right != ""
	if found {
		j.fault(refused, "%q has no colon between its sides, and is false; an equals sign is none", text)
	}
	return left, right, found
}

// word judges what has no colon. It is false, whatever it seems to say.
func (j *judge) word(text string) string {
	j.fault(refused, "%q is a word without a colon, and so false, and under not true", text)
	switch name := strings.Trim(text, `"'`); {
	case j.known[name] && name != j.rule:
		return "rule:" + name
	case commonRoles[strings.ToLower(name)]:
		return "role:" + name
	case strings.EqualFold(name, "false"):
		return "!"
	}
	j.doubt = true
	return text
}
