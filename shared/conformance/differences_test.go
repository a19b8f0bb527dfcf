package conformance

import (
	"fmt"
	"testing"
)

// failures notes what a test is told to fail for.
type failures struct {
	testing.TB
	told []string
}

func (f *failures) Helper() {}
func (f *failures) Errorf(format string, args ...any) {
	f.told = append(f.told, fmt.Sprintf(format, args...))
}

// TestKnownFaultsAreTests holds a store's list of its engine's faults to tests
// that exist: a fault that is mended, or misspelt, must not skip anything.
func TestKnownFaultsAreTests(t *testing.T) {
	var d Differences
	wrong := map[string]string{"Limits/item bytes": "because", "Limits/no test": "for nothing"}
	for name, want := range map[string]bool{
		"TestConformance/Limits/item_bytes": true, "TestConformance/Limits/item_bytes_too": false,
		"TestConformance/Get/item_bytes": false, "TestConformance/Limits/keys": false,
	} {
		if reason, found := d.find(name, wrong); found != want || found && reason != "because" {
			t.Errorf("%s: skipped %t because %q", name, found, reason)
		}
	}
	for filtered, want := range map[bool]int{true: 0, false: 1} {
		f := &failures{TB: t}
		if d.check(f, filtered); len(f.told) != want {
			t.Errorf("filtered %t: %q", filtered, f.told)
		}
	}
}
