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

// Rules that refer to rules are as deep as all of them, and of a chain that is too
// long one rule is told.
func TestChainsAreBounded(t *testing.T) {
	for links, taken := range map[int]bool{maxNesting/2 - 1: true, maxNesting / 2: true, maxNesting/2 + 1: false, 1000: false} {
		rules := map[string]any{"get_image": "@ and rule:r0001", fmt.Sprintf("r%04d", links): "role:x"}
		for i := 1; i < links; i++ {
			rules[fmt.Sprintf("r%04d", i)] = fmt.Sprintf("@ and rule:r%04d", i+1)
		}
		for _, mode := range []Mode{Refuse, Warn} {
			e, findings := Compile(documentOf(rules), mode)
			first := fmt.Sprintf("r%04d", links-maxNesting/2-1) // whose way to the end is too long
			if links == maxNesting/2+1 {
				first = "get_image"
			}
			if taken && (e == nil || len(findings) > 0) || !taken && (e != nil || len(findings) != 1 || findings[0].Rule != first) {
				t.Errorf("%d links in mode %d: %v", links, mode, findings)
			}
		}
	}
}
