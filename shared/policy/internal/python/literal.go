package python

import (
	"regexp"
	"strings"
)

// A Kind says what a text is to Python.
type Kind uint8

// The kinds of text.
const (
	Malformed  Kind = iota // no expression
	Expression             // an expression, but no literal
	Literal
)

var (
	simpleText = regexp.MustCompile(`^('[^'"\\]*'|"[^'"\\]*")$`)
	simpleInt  = regexp.MustCompile(`^(0|-?[1-9][0-9]*)$`)
	simplePath = regexp.MustCompile(`^[\pL_][\pL\pN_]*([.-][\pL_][\pL\pN_]*)*$`)
)

// ParseLiteral returns the text of the value that a Python literal has.
func ParseLiteral(source string) (text string, kind Kind) {
	switch {
	case source == "True" || source == "False" || source == "None" || simpleInt.MatchString(source):
		return source, Literal
	case simpleText.MatchString(source):
		return strings.Trim(source, `'"`), Literal
	case simplePath.MatchString(source):
		return "", Expression
	}
	return "", Malformed
}
