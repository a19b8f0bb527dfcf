package template

import (
	"fmt"
	"reflect"
	"slices"
)

// condition decides a named condition. open are those that are being decided.
func (s *Stack) condition(name string, open []string) (bool, error) {
	expression, ok := s.conditions[name]
	if !ok {
		return false, fmt.Errorf("there is no condition %s", name)
	}
	if slices.Contains(open, name) {
		return false, fmt.Errorf("condition %s needs itself", name)
	}
	return s.decide(expression, append(slices.Clone(open), name))
}

// decide works out one expression of the section Conditions.
func (s *Stack) decide(expression any, open []string) (bool, error) {
	name, argument, is := intrinsic(expression)
	if !is {
		return false, fmt.Errorf("%v is no condition", expression)
	}
	if name == "Condition" {
		return s.condition(Text(argument), open)
	}
	operands, _ := argument.([]any)
	switch name {
	case "Fn::Equals":
		both, err := s.resolve(operands)
		if err != nil {
			return false, err
		}
		l := both.([]any)
		if len(l) != 2 {
			return false, fmt.Errorf("Fn::Equals compares two values")
		}
		return Text(l[0]) == Text(l[1]) || reflect.DeepEqual(l[0], l[1]), nil
	case "Fn::Not":
		held, err := s.decideAll(operands, open)
		return !held, err
	case "Fn::And":
		return s.decideAll(operands, open)
	case "Fn::Or":
		for _, o := range operands {
			if held, err := s.decide(o, open); held || err != nil {
				return held, err
			}
		}
		return false, nil
	}
	return false, fmt.Errorf("%s is not known in a condition", name)
}

func (s *Stack) decideAll(operands []any, open []string) (bool, error) {
	for _, o := range operands {
		if held, err := s.decide(o, open); !held || err != nil {
			return false, err
		}
	}
	return true, nil
}
