package template

import (
	"errors"
	"fmt"
)

// A Grant is one action that a role may do, and to what.
type Grant struct{ Action, Resource string }

// String is the grant in a message.
func (g Grant) String() string { return g.Action + " on " + g.Resource }

// Grants returns all that a role's policies allow, in their order. A statement
// that is not a plain permission, such as one by NotAction, is an error, for then
// the list would not be all; so are policies that are elsewhere.
func (s *Stack) Grants(role string) ([]Grant, error) {
	managed, managedErr := s.Property(role, "ManagedPolicyArns")
	policies, policiesErr := s.Property(role, "Policies")
	if err := errors.Join(managedErr, policiesErr); err != nil {
		return nil, err
	}
	if managed != nil {
		return nil, fmt.Errorf("%s: it has policies that are not ours", role)
	}
	var grants []Grant
	for _, policy := range list(policies) {
		document, _ := policy.(Tree)
		for _, statement := range document.At("PolicyDocument").List("Statement") {
			granted, err := permission(statement)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", role, err)
			}
			grants = append(grants, granted...)
		}
	}
	return grants, nil
}

// permission is every action of a statement on every one of its resources.
func permission(v any) ([]Grant, error) {
	statement, is := v.(Tree)
	if !is {
		return nil, fmt.Errorf("%v is no statement", v)
	}
	for key := range statement {
		switch key {
		case "Effect", "Action", "Resource", "Sid":
		default:
			return nil, fmt.Errorf("a statement with %s", key)
		}
	}
	if effect := statement.Text("Effect"); effect != "Allow" {
		return nil, fmt.Errorf("a statement with the effect %q", effect)
	}
	actions, resources := statement.Texts("Action"), statement.Texts("Resource")
	if len(actions) != len(statement.List("Action")) || len(resources) != len(statement.List("Resource")) {
		return nil, fmt.Errorf("a statement whose actions or resources are not text: %v", statement)
	}
	var grants []Grant
	for _, action := range actions {
		for _, resource := range resources {
			grants = append(grants, Grant{action, resource})
		}
	}
	return grants, nil
}
