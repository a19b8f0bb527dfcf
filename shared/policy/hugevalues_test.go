package policy

import (
	"encoding/json"
	"runtime"
	"strings"
	"testing"

	"github.com/gander-images/gander/shared/caller"
)

// TestHugeValues: a target may come from whoever asks for an explanation. Its
// deepest value is read once, and its longest number not at all.
func TestHugeValues(t *testing.T) {
	doc := documentOf(map[string]any{"equal": "'1':%(x)s", "number": "'1':%(x)d", "never": "not 'a':%(x)s"})
	rules, _ := Compile(doc, Warn)
	deep := any("1")
	for range 9000 {
		deep = []any{deep}
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if ok, err := rules.Decide("equal", caller.Caller{}, Attributes{"x": deep}); ok || err != nil {
		t.Error(ok, err)
	}
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > 1<<20 { // a text for each depth would take a hundred times as much
		t.Errorf("a list 9,000 deep takes %d bytes", took)
	}
	for _, rule := range []Rule{"equal", "number", "never"} {
		for digits, fails := range map[int]bool{4300: false, 4301: true, 1 << 20: true} {
			number := json.Number(strings.Repeat("7", digits))
			for _, n := range []json.Number{number, "-" + number} {
				ok, err := rules.Decide(rule, caller.Caller{}, Attributes{"x": n})
				if (err != nil) != fails || fails && ok || err != nil && len(err.Error()) > 200 {
					t.Errorf("%s of a number with %d digits: %t, %.200v", rule, digits, ok, err)
				}
			}
		}
	}
	if ok, err := rules.Decide("equal", caller.Caller{}, Attributes{"x": json.Number("1e4301")}); ok || err != nil {
		t.Errorf("a number with an exponent: %t, %v", ok, err)
	}
}
