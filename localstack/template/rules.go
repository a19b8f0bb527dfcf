package template

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// rules holds the parameters to what the template asserts of several at once.
//
// Source: AWS CloudFormation User Guide, "CloudFormation template Rules syntax".
func (s *Stack) rules() error {
	var faults []error
	all := s.template.At("Rules")
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if err := s.rule(all.At(name)); err != nil {
			faults = append(faults, fmt.Errorf("rule %s: %w", name, err))
		}
	}
	return errors.Join(faults...)
}

func (s *Stack) rule(r Tree) error {
	if when, has := r["RuleCondition"]; has {
		if held, err := s.decide(when, nil); !held || err != nil {
			return err
		}
	}
	var faults []error
	for _, assertion := range r.Trees("Assertions") {
		held, err := s.decide(assertion["Assert"], nil)
		if err == nil && !held {
			err = errors.New(assertion.Text("AssertDescription"))
		}
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}
