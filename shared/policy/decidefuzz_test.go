package policy

import (
	"testing"

	"github.com/gander-images/gander/shared/caller"
)

// FuzzDecide holds that a caller and the mapping that oslo.policy would see of it
// get the same answer from any rule, and that the explanation tells that answer.
func FuzzDecide(f *testing.F) {
	for _, d := range Defaults() {
		f.Add(d.Check)
	}
	for _, text := range []string{
		"roles:member and roles:%(role)s", "role:%(role)s", "not user_id.x:%(absent)s", "is_admin_project:True", "service_roles:service",
		"system:all or domain_id:None", "not token.user.id:u1", "service_user_id:%(null)s", "not roles.x:a", "project_id:%(project_id)s%%", "a..b:x",
	} {
		f.Add(text)
	}
	target := Attributes{"project_id": "p1", "role": "MEMBER", "null": nil, "visibility": "shared", "five": 5, "list": []string{"x"}}
	c := caller.Caller{
		UserID: "u1", ProjectID: "p1", Roles: []string{"member", "reader"}, IsAdminProject: true,
		Service: caller.Service{UserID: "nova", Roles: []string{"Service"}},
	}
	creds := map[string]any{
		"user_id": "u1", "project_id": "p1", "roles": []any{"member", "reader"}, "is_admin_project": true,
		"service_user_id": "nova", "service_roles": []any{"Service"},
	}
	f.Fuzz(func(t *testing.T, text string) {
		if checkText(text) != nil || len(text) > 4<<10 { // an explanation decides each part anew
			return
		}
		rules, err := ParseRules(map[string]any{"r": text, "context_is_admin": "role:admin"})
		if err != nil {
			t.Fatal(err)
		}
		e := &Enforcer{rules: rules.set}
		mapped, mapErr := rules.Decide("r", creds, target)
		got, err := e.Decide("r", c, target)
		if got != mapped || (err == nil) != (mapErr == nil) {
			t.Fatalf("%q: for the caller %v (%v), for its mapping %v (%v)", text, got, err, mapped, mapErr)
		}
		told, explainErr := e.Explain("r", c, target)
		if explainErr != nil || told.Allowed != got {
			t.Fatalf("%q: decided %v, explained as %v (%v)", text, got, told.Allowed, explainErr)
		}
	})
}
