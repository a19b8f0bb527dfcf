package policy

import (
	"fmt"
	"strings"
	"testing"
)

// Operators stand within each other as deep as explanations can bear, whichever
// they are and whatever the mode; parentheses alone are no depth.
func TestNestingIsBounded(t *testing.T) {
	for _, c := range []struct {
		before, after string
		depth         int // that one more adds
	}{
		{"not ", "", 1},
		{"role:a and ( ", " )", 1},
		{"role:a or ( role:b and ( ", " ) )", 2},
		{"( ", " )", 0},
		{"role:a and ", "", 0},
	} {
		for _, times := range []int{maxNesting / 2, maxNesting/2 + 1, maxNesting, maxNesting + 1, 1500} {
			depth := c.depth * times
			text := strings.Repeat(c.before, times) + "role:x" + strings.Repeat(c.after, times)
			for _, mode := range []Mode{Refuse, Warn} {
				doc, _ := readText(t, `get_image: "`+text+`"`)
				e, findings := Compile(doc, mode)
				want := fmt.Sprintf("its operators stand within each other %d deep; at most 200 are taken", depth)
				if taken := depth <= maxNesting; taken != (e != nil) || !taken && (len(findings) != 1 || !strings.Contains(findings.Error(), want)) {
					t.Errorf("%d times %q in mode %d: %.200v", times, c.before, mode, findings)
				}
			}
		}
	}
}
