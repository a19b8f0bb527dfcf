package policy

import (
	"encoding/json"
	"os"
	"slices"
	"testing"
)

// glanceRules reads what Glance registers.
func glanceRules(t *testing.T) []Default {
	t.Helper()
	raw, err := os.ReadFile("testdata/glance_rules.json")
	if err != nil {
		t.Fatal(err)
	}
	var recorded struct {
		Rules []struct {
			Rule               Rule
			Check              string
			Scopes, Operations []string
		}
	}
	if err := json.Unmarshal(raw, &recorded); err != nil {
		t.Fatal(err)
	}
	rules := make([]Default, len(recorded.Rules))
	for i, r := range recorded.Rules {
		rules[i] = Default{Rule: r.Rule, Check: r.Check, Scopes: scopesOf(r.Scopes), Operations: r.Operations}
	}
	return rules
}

// Glance's rules are registered as Glance has them, in name, check, scope types
// and operations; what else is registered is ours.
func TestDefaultsAreWhatGlanceRegisters(t *testing.T) {
	ours := map[Rule]Default{}
	for _, d := range Defaults() {
		ours[d.Rule] = d
	}
	theirs := glanceRules(t)
	if len(theirs) < 67 {
		t.Fatalf("%d rules of Glance, want those of 33.0.0", len(theirs))
	}
	for _, want := range theirs {
		got, ok := ours[want.Rule]
		if !ok {
			t.Errorf("%s is not registered", want.Rule)
			continue
		}
		delete(ours, want.Rule)
		if got.Check != want.Check {
			t.Errorf("%s is %q, in Glance %q", want.Rule, got.Check, want.Check)
		}
		if !slices.Equal(got.Scopes, want.Scopes) {
			t.Errorf("%s is for tokens of %v, in Glance of %v", want.Rule, got.Scopes, want.Scopes)
		}
		if !slices.Equal(got.Operations, want.Operations) {
			t.Errorf("%s is for %v, in Glance for %v", want.Rule, got.Operations, want.Operations)
		}
	}
	for _, d := range ownDefaults {
		delete(ours, d.Rule)
	}
	for rule := range ours {
		t.Errorf("%s is registered, but neither by Glance nor as ours", rule)
	}
}
