package policy

import "testing"

func TestGroupsHoldEveryDefault(t *testing.T) {
	var grouped []Rule
	for _, g := range Groups() {
		for _, d := range g.Defaults {
			grouped = append(grouped, d.Rule)
		}
	}
	all := Defaults()
	if len(grouped) != len(all) {
		t.Fatalf("the groups hold %d rules of %d", len(grouped), len(all))
	}
	for i, d := range all {
		if grouped[i] != d.Rule {
			t.Errorf("the rule %d of the groups is %s, of the defaults %s", i, grouped[i], d.Rule)
		}
	}
}
