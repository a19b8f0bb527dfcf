package policy

import (
	"errors"
	"strings"

	"github.com/gander-images/gander/shared/policy/internal/python"
)

var errNotPython = errors.New("the left side is no Python expression")

// An operand is the left side of a generic check: a Python literal, which has a
// text, or the path of a credential.
type operand struct {
	literal bool
	text    string // of the literal
	path    []string
	field   field // what path[0] names in a caller
	err     error // told when the check is reached
}

func newOperand(text string) operand {
	literal, kind := python.ParseLiteral(text)
	switch kind {
	case python.Literal:
		return operand{literal: true, text: literal}
	case python.Malformed:
		return operand{err: errNotPython}
	}
	path := strings.Split(text, ".")
	return operand{path: path, field: fields[path[0]]}
}

// matches reports whether the operand's text is want, or one of its texts
// where a list is on its path.
func (o *operand) matches(c *credentials, want string) (bool, error) {
	switch {
	case o.err != nil:
		return false, o.err
	case o.literal:
		return o.text == want, nil
	}
	return c.matches(o, want)
}
