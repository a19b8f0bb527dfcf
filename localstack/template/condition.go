package template

import (
	"fmt"
	"reflect"
	"slices"
)

// condition decides a named condition. open are those that are being decided.
func (s *Stack) condition(name string, open []string) (bool, error) {
	expression, ok := s.template.At("Conditions")[name]
	if !ok {
		return false, fmt.Errorf("%s: there is no such condition", name)
	}
	if slices.Contains(open, name) {
		return false, fmt.Errorf("condition %s needs itself", name)
	}
	return s.decide(expression, append(slices.Clone(open), name))
}

// decide works out one expression of the section Conditions.
func (s *Stack) decide(expression any, open []string) (bool, error) {
	name, argument, _ := intrinsic(expression)
	operands, _ := argument.([]any)
	switch {
	case name == "Condition":
		return s.condition(Text(argument), open)
	case name == "Fn::Equals" && len(operands) == 2:
		return s.equal(operands)
	case name == "Fn::Not" && len(operands) == 1:
		held, err := s.decide(operands[0], open)
		return !held, err
	case name == "Fn::And" && len(operands) > 0:
		return s.decideAll(operands, open)
	case name == "Fn::Or" && len(operands) > 0:
		for _, o := range operands {
			if held, err := s.decide(o, open); held || err != nil {
				return held, err
			}
		}
		return false, nil
	}
	return false, fmt.Errorf("%v: this is no condition", expression)
}

func (s *Stack) equal(operands []any) (bool, error) {
	both, err := s.list(operands)
	if err != nil {
		return false, err
	}
	return len(both) == 2 && reflect.DeepEqual(both[0], both[1]), nil
}

func (s *Stack) decideAll(operands []any, open []string) (bool, error) {
	for _, o := range operands {
		if held, err := s.decide(o, open); !held || err != nil {
			return false, err
		}
	}
	return true, nil
}
