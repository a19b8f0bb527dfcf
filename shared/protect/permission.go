package protect

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gander-images/gander/shared/policy"
)

// Who may, in place of names.
const (
	everybody = "@"
	nobody    = "!"
)

// permission reads an option's value. An empty one lets nobody.
func (l *loader) permission(value string) (permission, error) {
	switch {
	case value == "", value == nobody:
		return permission{}, nil
	case value == everybody:
		return permission{everybody: true}, nil
	case l.format == Policies:
		return l.rule(value)
	}
	return roles(value)
}

// rule reads the name of a policy rule. Glance asks rule "default" for one that
// is not there, and that lets everybody.
func (l *loader) rule(name string) (permission, error) {
	switch {
	case strings.Contains(name, ","):
		return permission{}, errors.New("one rule is named for an operation; rules are put together in the policy file")
	case strings.HasPrefix(name, "rule:"):
		return permission{}, fmt.Errorf("the rule is named alone, without %q before it", "rule:")
	case !l.known(policy.Rule(name)):
		return permission{}, fmt.Errorf("the policy has no rule %q", name)
	}
	return permission{rule: policy.Rule(name)}, nil
}

// roles reads names of roles. Where nobody stands among them, nobody may,
// whatever the others.
func roles(value string) (permission, error) {
	var p permission
	for name := range strings.SplitSeq(value, ",") {
		switch name = trim(name); {
		case strings.Contains(name, "\n"):
			return permission{}, fmt.Errorf("the roles %s stand on several lines; a comma is missing between them", strings.Join(strings.Fields(name), " and "))
		case strings.ContainsFunc(name, isSpace) && strings.ContainsAny(name, "#;"):
			return permission{}, fmt.Errorf("%q would be the name of a role; comments stand on lines of their own", name)
		case name != "":
			p.roles = append(p.roles, strings.ToLower(name))
		}
	}
	all, none := slices.Contains(p.roles, everybody), slices.Contains(p.roles, nobody)
	switch {
	case all && none:
		return permission{}, errors.New("@ and ! exclude each other")
	case none:
		return permission{}, nil
	case all:
		return permission{everybody: true}, nil
	}
	return p, nil
}
