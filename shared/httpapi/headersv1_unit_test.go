//go:build !cloud

package httpapi

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var (
	fieldValue = regexp.MustCompile(`^([!-~]([ -~]*[!-~])?)?$`)        // RFC 9110, section 5.5, of ASCII
	tokenForm  = regexp.MustCompile("^[!#$%&'*+\\-.^_`|~0-9A-Za-z]*$") // section 5.6.2
)

// Whatever a text holds, UTF-8 or not, it becomes one field value or part of a
// name, and is read back by undoing the percent signs.
func TestHeaderTextsCanBeReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))
		if rapid.Bool().Draw(t, "characters") {
			s = rapid.String().Draw(t, "text")
		}
		blank := rapid.SampledFrom([]string{"", " "})
		s = blank.Draw(t, "before") + s + blank.Draw(t, "after")
		for written, form := range map[string]*regexp.Regexp{headerText(s): fieldValue, headerName(s): tokenForm} {
			if back, err := url.PathUnescape(written); err != nil || back != s || !form.MatchString(written) {
				t.Fatalf("%q is written %q, and read back as %q, %v", s, written, back, err)
			}
		}
		if strings.ContainsAny(headerText(s)+headerName(s), "\r\n\x00") {
			t.Fatalf("%q leaves its line", s)
		}
	})
}
