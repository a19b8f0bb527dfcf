package blob

import (
	"strings"

	"github.com/gander-images/gander/shared/problem"
)

// MaxNameLen is the longest name of an object, in bytes.
const MaxNameLen = 512

// CheckName refuses what is no name of an object: see Store for the grammar.
// Adapters call it first, since names become paths. Errors: problem.Invalid.
func CheckName(name string) error {
	if len(name) > MaxNameLen {
		return problem.New(problem.Invalid, "A name of image data is longer than %d bytes.", MaxNameLen)
	}
	for segment := range strings.SplitSeq(name, "/") {
		if segment == "" || segment == "." || segment == ".." || strings.ContainsFunc(segment, outsideNames) {
			return problem.New(problem.Invalid, "The name of image data %q is not allowed.", name)
		}
	}
	return nil
}

func outsideNames(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '.', r == '_', r == '-':
		return false
	}
	return true
}
