// Package python does what a policy file leaves to Python: its white space, its
// lower case, its literals, its text of values and its % templates.
//
// Source: the Python 3.11 language and library reference.
package python

import "unicode"

// IsSpace is Python's str.isspace for one character.
func IsSpace(r rune) bool {
	return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f
}
