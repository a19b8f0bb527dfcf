package policy

import (
	"strings"
	"testing"
)

// A rule under a name that looks like another is not in force, and what it was to
// forbid is allowed.
func TestNamesWithWhatNobodySees(t *testing.T) {
	for _, name := range []string{"download\u200b_image", "download_image\u200d\u200b", "\u00addownload_image", "my\u2060_helper"} {
		doc, _ := readText(t, `"`+name+`": "role:admin"`)
		e, findings := Compile(doc, Refuse)
		want := `"` + strings.Map(func(r rune) rune {
			if r > '~' {
				return -1
			}
			return r
		}, name) + `": "role:admin"`
		if e != nil || len(findings) != 1 || findings[0].Correction != want || !strings.Contains(findings[0].Reason, "nobody sees") {
			t.Errorf("%q: %v", name, findings)
		}
	}
}
