package policy

import (
	"testing"

	"github.com/gander-images/gander/shared/caller"
)

func TestDecisionsAllocateNothing(t *testing.T) {
	e, err := New(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := caller.Caller{UserID: "u1", ProjectID: "p1", Roles: []string{"member", "reader"}}
	owner := "p1"
	target := Attributes{"project_id": &owner, "owner": &owner, "visibility": "private", "member_id": nil}
	for _, d := range Defaults() {
		n := testing.AllocsPerRun(100, func() {
			if _, err := e.Decide(d.Rule, c, target); err != nil {
				t.Fatal(err)
			}
		})
		if n != 0 {
			t.Errorf("%s: %v allocations, want none", d.Rule, n)
		}
	}
}
