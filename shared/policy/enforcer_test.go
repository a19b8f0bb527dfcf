package policy

import (
	"errors"
	"net/http"
	"testing"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/problem"
)

// enforcer takes rules as oslo.policy does, those with mistakes too.
func enforcer(t testing.TB, overrides map[string]any) *Enforcer {
	t.Helper()
	e, findings := Compile(documentOf(overrides), Warn)
	if err := findings.Err(); err != nil {
		t.Fatal(err)
	}
	return e
}

var member = caller.Caller{UserID: "u1", ProjectID: "p1", Roles: []string{"member", "reader"}, IsAdminProject: true}

func TestDecisionsAllocateNothing(t *testing.T) {
	e := enforcer(t, nil)
	owner := "p1"
	target := Attributes{
		"project_id": &owner, "owner": &owner, "visibility": "private", "member_id": nil,
		"instance_project_id": &owner, "reader": true, "user_id": &owner,
	}
	for _, d := range Defaults() {
		n := testing.AllocsPerRun(100, func() {
			if _, err := e.Decide(d.Rule, member, target); err != nil {
				t.Fatal(err)
			}
		})
		if n != 0 {
			t.Errorf("%s: %v allocations, want none", d.Rule, n)
		}
	}
}

func TestAuthorize(t *testing.T) {
	e := enforcer(t, map[string]any{"get_images": "level.x..y:1"})
	own := Attributes{"project_id": "p1"}

	g, err := e.Authorize(DeleteImage, member, own)
	if err != nil || g.Permits(DeleteImage) != nil || g.Permits(UploadImage, DeleteImage) != nil {
		t.Errorf("allowed: %v, %v", g, err)
	}
	if g.Permits(UploadImage) == nil {
		t.Error("a grant to delete permits an upload")
	}

	g, err = e.Authorize(PublicizeImage, member, own)
	status, message := problem.Status(err)
	if status != http.StatusForbidden || message != "You are not authorized to complete publicize_image action." || g != (Grant{}) {
		t.Errorf("denied: %v, %d %q", g, status, message)
	}

	g, err = e.Authorize(GetImages, member, own)
	if err == nil || problem.CodeOf(err) != problem.Internal || g != (Grant{}) {
		t.Errorf("a rule that cannot be evaluated: %v, %v", g, err)
	}

	g, err = e.Authorize("get_imagse", member, own)
	if err == nil || problem.CodeOf(err) != problem.Internal || g != (Grant{}) {
		t.Errorf("a rule that is not there: %v, %v", g, err)
	}
	if (Grant{}).Permits("") == nil {
		t.Error("the empty grant permits the empty rule")
	}
}

// An error is never turned into an answer by the operators around it.
func TestErrorsAreNeverTrue(t *testing.T) {
	for _, rule := range []string{
		"a..b:x", "not a..b:x", "not (not a..b:x)", "! or a..b:x", "a..b:x or @", "@ and a..b:x", "a..b:x and !", "not (@ and a..b:x)",
		"user_id.x:y", "not user_id.x:y", "roles.x:y", "not is_admin_project.x:True", "not 'x':%(owner)d", "rule:bad", "not rule:bad", "not role:%(owner)d",
	} {
		e := enforcer(t, map[string]any{"get_image": rule, "bad": "a..b:x"})
		if ok, err := e.Decide(GetImage, member, Attributes{"owner": "p1"}); ok || err == nil {
			t.Errorf("%q: got %v, %v, want an error", rule, ok, err)
		}
	}
}

// The credentials of a caller: what a token does not say is absent, so that
// neither a null nor the text None of a target equals it.
func TestCredentialsOfACaller(t *testing.T) {
	full := caller.Caller{
		UserID: "u", UserDomainID: "ud", ProjectID: "p", ProjectDomainID: "pd", DomainID: "d", SystemScope: "all",
		Roles: []string{"Member"}, IsAdminProject: true,
		Service: caller.Service{UserID: "su", UserDomainID: "sud", ProjectID: "sp", ProjectDomainID: "spd", Roles: []string{"Service"}},
	}
	target := Attributes{"null": nil, "none": "None", "nowhere": (*string)(nil), "empty": ""}
	for text, want := range map[string]struct{ full, nobody bool }{
		"user_id:u":                     {true, false},
		"user_domain_id:ud":             {true, false},
		"project_id:p":                  {true, false},
		"project_domain_id:pd":          {true, false},
		"domain_id:d":                   {true, false},
		"system_scope:all":              {true, false},
		"system:all":                    {true, false},
		"is_admin_project:True":         {true, false},
		"is_admin_project:False":        {false, true},
		"service_user_id:su":            {true, false},
		"service_user_domain_id:sud":    {true, false},
		"service_project_id:sp":         {true, false},
		"service_project_domain_id:spd": {true, false},
		"roles:member":                  {true, false}, // lower-cased by Glance
		"roles:Member":                  {false, false},
		"service_roles:Service":         {true, false}, // as they are
		"service_roles:service":         {false, false},
		"role:service":                  {false, false}, // the user's alone
		"role:MEMBER":                   {true, false},
		"project_id:%(null)s":           {false, false},
		"project_id:%(none)s":           {false, false},
		"project_id:%(nowhere)s":        {false, false},
		"project_id:%(empty)s":          {false, false},
		"project_id:":                   {false, false},
		"None:%(nowhere)s":              {true, true},
		"not project_id:%(null)s":       {true, true},
		"project_id.x:y or @":           {false, true}, // an error, and absent
		"is_admin:True":                 {false, false},
		"auth_token:x":                  {false, false},
	} {
		e := enforcer(t, map[string]any{"r": text})
		gotFull, _ := e.Decide("r", full, target)
		gotNobody, _ := e.Decide("r", caller.Caller{}, target)
		if gotFull != want.full || gotNobody != want.nobody {
			t.Errorf("%q: got %v for a full caller and %v for nobody, want %v", text, gotFull, gotNobody, want)
		}
	}
}

// What the caller is told when a rule for an existing image denies.
func TestAuthorizeImage(t *testing.T) {
	e := enforcer(t, map[string]any{"upload_image": "a..b:x", "hidden": "!"})
	broken := enforcer(t, map[string]any{"get_image": "not a..b:x"})
	reader := caller.Caller{ProjectID: "p1", Roles: []string{"reader"}}
	own, foreign := Attributes{"project_id": "p1", "visibility": "private"}, Attributes{"project_id": "p2", "visibility": "private"}
	public := Attributes{"project_id": "p2", "visibility": "public"}
	for name, c := range map[string]struct {
		decider Decider
		rule    Rule
		caller  caller.Caller
		target  Target
		want    problem.Code
		message string
	}{
		"visible, denied":           {e, DeleteImage, reader, own, problem.Forbidden, "You are not authorized to complete delete_image action."},
		"public, denied":            {e, DeleteImage, member, public, problem.Forbidden, "You are not authorized to complete delete_image action."},
		"invisible":                 {e, DeleteImage, member, foreign, problem.NotFound, ""},
		"get_image itself":          {e, GetImage, member, foreign, problem.NotFound, ""},
		"evaluation fails":          {e, UploadImage, member, own, problem.Internal, ""},
		"get_image cannot tell":     {broken, DeleteImage, reader, own, problem.Internal, ""},
		"get_image fails by itself": {broken, GetImage, reader, own, problem.Internal, ""},
	} {
		g, err := AuthorizeImage(c.decider, c.rule, c.caller, c.target)
		_, message := problem.Status(err)
		if err == nil || problem.CodeOf(err) != c.want || message != c.message || g != (Grant{}) {
			t.Errorf("%s: got %v, %v", name, g, err)
		}
	}
	// A caller who may act need not be able to see.
	unseeing := enforcer(t, map[string]any{"get_image": "!"})
	if g, err := AuthorizeImage(unseeing, DeleteImage, member, own); err != nil || g.Permits(DeleteImage) != nil {
		t.Errorf("allowed without get_image: %v", err)
	}
}

// The reason reaches the log: which rule, which check, what is wrong.
func TestErrorsNameRuleAndCheck(t *testing.T) {
	e := enforcer(t, map[string]any{"get_image": "rule:bad", "bad": "@ and a..b:x"})
	_, err := e.Decide(GetImage, member, Attributes{})
	const want = `policy: rule "get_image": check "rule:bad": check "a..b:x": the left side is no Python expression`
	if !errors.Is(err, errNotPython) || err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
}
