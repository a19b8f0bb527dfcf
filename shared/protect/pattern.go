package protect

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode/utf8"
)

// A matcher reports whether an expression is found anywhere in a name that has
// no line break.
type matcher func(name string) bool

// compile turns a regular expression of Python's into a matcher that finds what
// Python's search finds. What Go cannot do, or would do otherwise, is refused: an
// expression that quietly means something else would leave properties open.
func compile(expression string) (matcher, error) {
	t := translation{rest: expression}
	if err := t.run(); err != nil {
		return nil, err
	}
	re, err := regexp.Compile(t.out.String())
	var bad *syntax.Error
	if errors.As(err, &bad) {
		return nil, fmt.Errorf("Go does not take the expression: %s", bad.Code)
	}
	if err != nil {
		return nil, err
	}
	return re.MatchString, nil
}

// A translation writes an expression of Python's anew for Go, where the two
// agree.
type translation struct {
	rest       string
	out        strings.Builder
	repeatable bool     // what was written last can be repeated
	names      []string // the beginnings of groups that have a name
}

func (t *translation) run() error {
	for t.rest != "" {
		if err := t.next(); err != nil {
			return err
		}
	}
	return nil
}

// next translates one piece.
func (t *translation) next() error {
	switch c := t.take(); c {
	case '\\':
		return t.escape()
	case '[':
		t.repeatable = true
		return t.set()
	case ']':
		return errors.New(`a closing bracket outside of a set must be written \]; what follows a header in its line belongs to it`)
	case '(':
		return t.group()
	case ')':
		t.write(")", true)
	case '|':
		t.write("|", false)
	case '^':
		t.write(`\A`, false)
	case '$':
		t.write(`\z`, false) // names with a line break, before which Python's ends too, do not come here
	case '.':
		t.write(".", true)
	case '*', '+', '?':
		return t.repeat(string(c))
	case '{':
		if form, n := bounds(t.rest); n > 0 {
			t.rest = t.rest[n:]
			return t.repeat(form)
		}
		t.write(`\{`, true)
	default:
		t.write(regexp.QuoteMeta(string(c)), true)
	}
	return nil
}

// take returns the next character, and goes on behind it.
func (t *translation) take() rune {
	c, size := utf8.DecodeRuneInString(t.rest)
	t.rest = t.rest[size:]
	return c
}

func (t *translation) write(s string, repeatable bool) {
	t.out.WriteString(s)
	t.repeatable = repeatable
}

// repeat translates a repetition, and the mark behind that makes it a lazy one.
func (t *translation) repeat(form string) error {
	if !t.repeatable {
		return fmt.Errorf("there is nothing for %s to repeat", form)
	}
	if strings.HasPrefix(t.rest, "+") {
		return errors.New("Go's expressions have no possessive repetition (*+, ++, ?+)")
	}
	t.rest = strings.TrimPrefix(t.rest, "?") // lazy or not, something is found or it is not
	t.write(form, false)
	return nil
}

// boundsForm is what follows the brace of {2}, {2,}, {,3}, {2,3} and {,}.
var boundsForm = regexp.MustCompile(`^(\d*)(,?)(\d*)\}`)

// bounds reads a repetition behind its brace. Where there is none n is 0, and
// the brace stands for itself. Go would take {,3} for text.
func bounds(rest string) (form string, n int) {
	m := boundsForm.FindStringSubmatch(rest)
	if m == nil || m[1] == "" && m[2] == "" {
		return "", 0
	}
	least := m[1]
	if least == "" {
		least = "0"
	}
	return "{" + least + m[2] + m[3] + "}", len(m[0])
}

// groups are the beginnings of groups that mean more than to keep together.
var groups = []struct{ begins, fault string }{
	{"?=", "Go's expressions have no look-ahead, (?=…)"},
	{"?!", "Go's expressions have no look-ahead, (?!…)"},
	{"?<=", "Go's expressions have no look-behind, (?<=…)"},
	{"?<!", "Go's expressions have no look-behind, (?<!…)"},
	{"?>", "Go's expressions have no atomic groups, (?>…)"},
	{"?P=", "Go's expressions have no back-references, (?P=…)"},
	{"?P>", "there are no such groups, (?P>…)"},
	{"?(", "Go's expressions have no conditions, (?(…)…)"},
	{"?#", "Go's expressions have no comments, (?#…)"},
}

// groupName is the beginning of a group that has a name.
var groupName = regexp.MustCompile(`^\?P<[A-Za-z_][A-Za-z0-9_]*>`)

// group translates the beginning of one.
func (t *translation) group() error {
	if strings.HasPrefix(t.rest, "?") {
		for _, g := range groups {
			if strings.HasPrefix(t.rest, g.begins) {
				return errors.New(g.fault)
			}
		}
		begin := groupName.FindString(t.rest)
		switch {
		case begin != "" && slices.Contains(t.names, begin):
			return errors.New("two groups have one name")
		case begin != "":
			t.names = append(t.names, begin)
		case !strings.HasPrefix(t.rest, "?:"):
			return errors.New("flags such as (?i) mean other things to Go; write both cases, [Xx]")
		}
		t.rest = t.rest[max(len(begin), len("?:")):]
	}
	t.write("(?:", false) // nothing asks for what a group held
	return nil
}
