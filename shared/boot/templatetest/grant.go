package templatetest

import "fmt"

// A Grant is one action that a role may do, and to what: "${Table.Arn}".
type Grant struct{ Action, Resource string }

// String is the grant in a message.
func (g Grant) String() string { return g.Action + " on " + g.Resource }

// Grants returns all that a role's policies allow. A statement that is not a
// plain permission, such as one by NotAction, is an error, for then the list
// would not be all.
func (s Stack) Grants(role string) (map[Grant]bool, error) {
	properties := s.Properties(role)
	if properties["ManagedPolicyArns"] != nil {
		return nil, fmt.Errorf("%s: it has policies that are not ours", role)
	}
	grants := map[Grant]bool{}
	for _, policy := range properties.Trees("Policies") {
		for _, statement := range policy.At("PolicyDocument").Trees("Statement") {
			if err := add(grants, statement); err != nil {
				return nil, fmt.Errorf("%s: %w", role, err)
			}
		}
	}
	return grants, nil
}

func add(grants map[Grant]bool, statement Tree) error {
	for key := range statement {
		switch key {
		case "Effect", "Action", "Resource", "Sid":
		default:
			return fmt.Errorf("a statement with %s", key)
		}
	}
	if effect := statement.Text("Effect"); effect != "Allow" {
		return fmt.Errorf("a statement with the effect %q", effect)
	}
	for _, action := range statement.Texts("Action") {
		for _, resource := range statement.Texts("Resource") {
			grants[Grant{action, resource}] = true
		}
	}
	return nil
}

// RoleOf returns the logical id of the role of a function.
func (s Stack) RoleOf(function string) string {
	return resourceOf(s.Properties(function).Text("Role"))
}

// resourceOf is the resource of which a reference is.
func resourceOf(text string) string {
	match := reference.FindStringSubmatch(text)
	if match == nil {
		return ""
	}
	return match[1]
}
