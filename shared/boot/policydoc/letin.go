package policydoc

import (
	"slices"
	"strings"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/policy"
)

// chain are the roles that imply each other, each those before it, as an
// identity source gives them.
var chain = []string{"reader", "member", "manager", "admin"}

// A person is somebody of whom the page tells what the rules let them do.
type person struct {
	name  string
	roles []string
}

// people are those of the chain, then who stands beside it.
func people() []person {
	var all []person
	for i, name := range chain {
		all = append(all, person{name, chain[:i+1]})
	}
	return append(all, person{"service", []string{"service"}}, person{"no role", nil})
}

const (
	ownProject     = "own"
	anotherProject = "another"
	ownUser        = "self"
)

func (p person) caller() caller.Caller {
	return caller.Caller{UserID: ownUser, ProjectID: ownProject, Roles: p.roles, IsAdminProject: true}
}

// A situation is something that is acted on, as it stands to who acts.
type situation struct {
	title  string
	target policy.Attributes
}

// situations are those that tell the rules of a group apart.
func situations(group string) []situation {
	image := func(owner, visibility string, member any) policy.Attributes {
		return policy.Attributes{"project_id": owner, "owner": owner, "visibility": visibility, "member_id": member}
	}
	stored := func(owner, user string, reader bool) policy.Attributes {
		return policy.Attributes{"project_id": owner, "instance_project_id": owner, "user_id": user, "reader": reader}
	}
	switch group {
	case policy.ImageGroup:
		return []situation{
			{"own", image(ownProject, "private", nil)},
			{"shared with it", image(anotherProject, "shared", ownProject)},
			{"public", image(anotherProject, "public", nil)},
			{"foreign", image(anotherProject, "private", nil)},
		}
	case policy.MetadefGroup:
		return []situation{
			{"own", image(ownProject, "private", nil)},
			{"public", image(anotherProject, "public", nil)},
			{"foreign", image(anotherProject, "private", nil)},
		}
	case policy.OwnGroup:
		return []situation{
			{"own", stored(ownProject, ownUser, false)},
			{"key of a shared image", stored(anotherProject, "somebody", true)},
			{"foreign", stored(anotherProject, "somebody", false)},
		}
	}
	return []situation{{"whatever it is", policy.Attributes{}}}
}

// letIn says in a few words whom a rule lets in.
func letIn(d policy.Decider, rule policy.Rule, on policy.Target) (string, error) {
	all := people()
	allowed := make([]bool, len(all))
	for i, p := range all {
		var err error
		if allowed[i], err = d.Decide(rule, p.caller(), on); err != nil {
			return "", err
		}
	}
	return inWords(all, allowed), nil
}

// inWords names a role of the chain for itself and those above it, where that
// tells all of them, and then whoever else is allowed.
func inWords(all []person, allowed []bool) string {
	if !slices.Contains(allowed, false) {
		return "everybody"
	}
	var names []string
	for i, p := range all {
		above := i > 0 && i < len(chain) && allowed[i-1]
		if allowed[i] && !above {
			names = append(names, p.name)
		}
		if i < len(chain) && !allowed[i] && above {
			return listed(all, allowed)
		}
	}
	if len(names) == 0 {
		return "–"
	}
	return strings.Join(names, ", ")
}

// listed names everybody who is allowed, one by one.
func listed(all []person, allowed []bool) string {
	names := []string{"only"}
	for i, p := range all {
		if allowed[i] {
			names = append(names, p.name)
		}
	}
	return strings.Join(names, " ")
}
