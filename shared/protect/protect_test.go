package protect

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/image"
	"github.com/gander-images/gander/shared/policy"
)

var (
	_     image.Protection = (*Caller)(nil)
	quiet                  = slog.New(slog.DiscardHandler)
)

func mustParse(t testing.TB, text string, format Format, known func(policy.Rule) bool) *Rules {
	t.Helper()
	rules, _, err := parseRules("f", text, format, known)
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

// TestServerProperties: those of the service are shown, whatever the file says,
// and a name that holds theirs is none of them.
func TestServerProperties(t *testing.T) {
	rules := mustParse(t, "[.*]\ncreate = !\nread = !\nupdate = !\ndelete = !\n", Roles, none)
	c := rules.For(caller.Caller{Roles: []string{"admin"}}, nil, quiet)
	for name, want := range map[string]string{"os_glance_importing_to_stores": "crud", "my_os_glance_x": "", "os_gl": ""} {
		if got := letters(c, name); got != want {
			t.Errorf("with %s somebody may %q, want %q", name, got, want)
		}
	}
}

// TestNamesWithLineBreaks: where a line ends is another matter to Python than to
// Go, so such a name is nobody's, whichever section would be for it.
func TestNamesWithLineBreaks(t *testing.T) {
	rules := mustParse(t, "[^x_code$]\ncreate = admin\nread = admin\nupdate = admin\ndelete = admin\n[.*]\n"+all, Roles, none)
	c := rules.For(caller.Caller{Roles: []string{"admin"}}, nil, quiet)
	for _, name := range []string{"x_code\n", "x_code\nx", "\n", "a\nb"} {
		if got := letters(c, name); got != "" {
			t.Errorf("an admin may %q with %q", got, name)
		}
	}
}

// TestCallersAreLeftAlone: roles are compared in any letter case, the service's
// too, and none of the caller's is changed by it.
func TestCallersAreLeftAlone(t *testing.T) {
	rules := mustParse(t, "[.*]\ncreate = Keeper\nread = SERVICE\nupdate = !\ndelete = @\n", Roles, none)
	roles, service := make([]string, 1, 4), []string{"Service"}
	roles[0] = "KEEPER"
	c := caller.Caller{Roles: roles, Service: caller.Service{Roles: service}}
	if got := letters(rules.For(c, nil, quiet), "x"); got != "crd" {
		t.Errorf("may %q", got)
	}
	if all := roles[:4]; !slices.Equal(all, []string{"KEEPER", "", "", ""}) || service[0] != "Service" {
		t.Errorf("the caller has become %q, %q", all, service)
	}
}

// A failing decider is the policy after a reload that lost a rule.
type failing struct{ policy.Decider }

func (failing) Decide(policy.Rule, caller.Caller, policy.Target) (bool, error) {
	return true, errors.New("there is no such rule")
}

// TestLostRuleDenies: what cannot be decided is denied, and told once a request.
func TestLostRuleDenies(t *testing.T) {
	rules := mustParse(t, "[.*]\ncreate = keeper\nread = keeper\nupdate = @\ndelete = !\n", Policies, func(r policy.Rule) bool { return r == "keeper" })
	var log bytes.Buffer
	c := rules.For(caller.Caller{RequestID: "req-7"}, failing{}, slog.New(slog.NewTextHandler(&log, nil)))
	for _, name := range []string{"a", "b", "a"} {
		if got := letters(c, name); got != "u" {
			t.Errorf("may %q", got)
		}
	}
	if lines := strings.Count(log.String(), "cannot be decided, and denies"); lines != 2 || !strings.Contains(log.String(), "req-7") {
		t.Errorf("logged %d lines:\n%s", lines, log.String())
	}
}

// TestNamesAreForgotten: however many names callers make up, few are kept, and
// each is decided rightly by many at once.
func TestNamesAreForgotten(t *testing.T) {
	rules := mustParse(t, "[^x_.*7$]\ncreate = !\nread = !\nupdate = !\ndelete = !\n[.*]\n"+all, Roles, none)
	var running sync.WaitGroup
	for range 4 {
		running.Go(func() {
			c := rules.For(caller.Caller{}, nil, quiet)
			for i := range 2 * maxPlaces {
				name := fmt.Sprintf("x_%d", i)
				if c.MayRead(name) == strings.HasSuffix(name, "7") {
					t.Errorf("%s: %t", name, c.MayRead(name))
				}
			}
		})
	}
	running.Wait()
	if n := len(rules.places.known); n > maxPlaces {
		t.Errorf("%d names are kept", n)
	}
}
