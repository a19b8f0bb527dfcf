package policy

import "testing"

// A rule that took another's place follows what the operator made of the old one,
// as oslo.policy has it with enforce_new_defaults.
func TestWhatWasSaidUnderAnOldNameCounts(t *testing.T) {
	const old, now = "role:member", "role:admin"
	for name, c := range map[string]struct {
		file   map[string]any
		want   bool // for a member
		warned bool
	}{
		"nothing":                              {nil, false, false},
		"the old name, changed":                {map[string]any{"bar": "role:reader"}, true, true},
		"the old name, as a list":              {map[string]any{"bar": []any{"role:reader"}}, true, true},
		"the old name, word for word":          {map[string]any{"bar": old}, false, false},
		"the old name, only spelt otherwise":   {map[string]any{"bar": "((role:member))"}, false, false},
		"the old name refers to the new":       {map[string]any{"bar": "rule:foo"}, false, false},
		"both names":                           {map[string]any{"bar": "role:reader", "foo": "!"}, false, false},
		"both names, the new one the default":  {map[string]any{"bar": "role:reader", "foo": now}, false, false},
		"the old name allows whoever comes":    {map[string]any{"bar": ""}, true, true},
		"the old name denies whoever comes":    {map[string]any{"bar": "!"}, false, true},
		"an old rule that is no name any more": {map[string]any{"baz": "@"}, false, true},
	} {
		defaults := []Default{
			{Rule: "foo", Check: now, Scopes: projectOnly, Replaces: &Predecessor{Rule: "bar", Check: old}},
			{Rule: "default", Check: ""},
		}
		comp := newCompilation(documentOf(c.file), Refuse, defaults)
		comp.run()
		if err := comp.findings.Err(); err != nil || (len(comp.findings) > 0) != c.warned {
			t.Errorf("%s: %v", name, comp.findings)
		}
		comp.set.resolve()
		e := Enforcer{rules: comp.set}
		if ok, err := e.Decide("foo", member, Attributes{}); ok != c.want || err != nil {
			t.Errorf("%s: %v, %v, want %v", name, ok, err, c.want)
		}
		system := member
		system.SystemScope = "all"
		if ok, _ := e.Decide("foo", system, Attributes{}); ok {
			t.Errorf("%s: the scope types went with the text", name)
		}
	}
}
