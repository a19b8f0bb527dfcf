package protect

import (
	"testing"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/policy"
)

// FuzzProtections: no file makes the service fall over, and one that is taken lets
// nobody do what no section of it allows.
func FuzzProtections(f *testing.F) {
	f.Add("[^x_billing_code_.*]\ncreate = admin\nread = @\nupdate = !\ndelete =\n[.*]\n"+all, "x_billing_code_ntt")
	f.Add("[DEFAULT]\nwho = admin,\n  member\n[[a-z]_\\d{,3}(?:x|y)$]\ncreate = %(who)s\nread : %%\nupdate = @\ndelete = @\n", "a_1x")
	f.Fuzz(func(t *testing.T, text, name string) {
		for _, format := range []Format{Roles, Policies} {
			rules, warnings, err := parseRules("f", text, format, func(r policy.Rule) bool { return r == "keeper" })
			_ = warnings.Error()
			if err != nil {
				if rules != nil || err.Error() == "" {
					t.Fatalf("refused, but rules: %v, %q", rules, err)
				}
				continue
			}
			got := letters(rules.For(caller.Caller{}, failing{}, quiet), name)
			if want := byHand(rules, name); got != want {
				t.Fatalf("a caller without roles may %q with %q, want %q", got, name, want)
			}
		}
	})
}

// byHand is what somebody without roles may do, found without what remembers.
func byHand(rules *Rules, name string) (letters string) {
	if len(name) >= len(serverPrefix) && name[:len(serverPrefix)] == serverPrefix {
		return "crud"
	}
	for _, c := range name {
		if c == '\n' {
			return ""
		}
	}
	for _, s := range rules.sections {
		if !s.matches(name) {
			continue
		}
		for op, p := range s.may {
			if p.everybody {
				letters += "crud"[op : op+1]
			}
		}
		return letters
	}
	return ""
}
