// Package template reads a CloudFormation template as a stack would be made of
// it: parameters get values, conditions are decided, and intrinsic functions are
// resolved, as far as one machine can know what they mean. What it does not know
// is an error that names it, and only when somebody asks for the value.
//
// Source: AWS CloudFormation User Guide, "Template reference", intrinsic function
// reference.
package template

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Options say what a deployment would.
type Options struct {
	// Parameters are values of the template's parameters; the others have their
	// defaults.
	Parameters map[string]string

	// Defaults are values of parameters that are neither given nor have a default
	// in the template. Those that the template does not declare are left out.
	Defaults map[string]string

	// Names are what resources are called where they are: "Table" is what a Ref
	// of it gives, "Table.StreamArn" one of its attributes. A resource that is
	// not in it is called by its logical id.
	Names map[string]string

	// Symbolic leaves what refers to resources and pseudo parameters as it is,
	// "${Table.Arn}", so that one can tell what a value means. Names do not count.
	Symbolic bool

	// Partial says that only some of the stack will be asked for: a parameter
	// without a value is a fault only of what needs it.
	Partial bool
}

// Values that a stack on this machine has for the pseudo parameters.
const (
	Region    = "us-east-1"
	Account   = "123456789012"
	Partition = "aws"
)

// A Stack is a template with its values.
type Stack struct {
	template   Tree
	parameters map[string]any
	names      map[string]string
	symbolic   bool
}

// Read reads a template's file and gives it its values.
func Read(path string, o Options) (*Stack, error) {
	t, err := Load(path)
	if err != nil {
		return nil, err
	}
	s, err := t.Stack(o)
	if err != nil {
		return nil, fmt.Errorf("template: %s: %w", path, err)
	}
	return s, nil
}

// Stack gives a template its values. All faults of its parameters are told at
// once; the stack that comes with them knows the other parameters.
func (t Tree) Stack(o Options) (*Stack, error) {
	values, err := parameters(t.At("Parameters"), o)
	s := &Stack{t, values, o.Names, o.Symbolic}
	if err == nil && !o.Partial {
		err = s.rules()
	}
	return s, err
}

func (s *Stack) resource(id string) Tree { return s.template.At("Resources", id) }

// Resources returns the logical ids, in order, of the resources of a type that
// the stack would have.
func (s *Stack) Resources(kind string) ([]string, error) {
	var ids []string
	for _, id := range slices.Sorted(maps.Keys(s.template.At("Resources"))) {
		if s.resource(id).Text("Type") != kind {
			continue
		}
		exists, err := s.exists(id)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", id, err)
		}
		if exists {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// exists reports whether the stack has a resource.
func (s *Stack) exists(id string) (bool, error) {
	resource := s.resource(id)
	if condition := resource.Text("Condition"); condition != "" {
		return s.condition(condition, nil)
	}
	return resource != nil, nil
}

// Property returns a resource's property, resolved: nil where there is none.
// The path goes through maps.
func (s *Stack) Property(id string, path ...string) (any, error) {
	resource := s.resource(id)
	if resource == nil {
		return nil, fmt.Errorf("there is no resource %s", id)
	}
	v, err := s.at(resource["Properties"], path)
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", id, strings.Join(path, "."), err)
	}
	return v, nil
}

// Keys returns the names, in order, of what a property holds, none of which need
// be known. A property that is no map has none.
func (s *Stack) Keys(id string, path ...string) ([]string, error) {
	resource := s.resource(id)
	if resource == nil {
		return nil, fmt.Errorf("there is no resource %s", id)
	}
	v, err := s.walk(resource["Properties"], path)
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", id, strings.Join(path, "."), err)
	}
	m, _ := v.(Tree)
	return slices.Sorted(maps.Keys(m)), nil
}

// Global returns what the template says of all functions, likewise.
func (s *Stack) Global(path ...string) (any, error) {
	v, err := s.at(s.template.At("Globals")["Function"], path)
	if err != nil {
		return nil, fmt.Errorf("globals: %s: %w", strings.Join(path, "."), err)
	}
	return v, nil
}

// at resolves what is at the end of a path.
func (s *Stack) at(v any, path []string) (any, error) {
	v, err := s.walk(v, path)
	if err != nil {
		return nil, err
	}
	resolved, err := s.resolve(v)
	if resolved == noValue {
		resolved = nil
	}
	return resolved, err
}

// walk goes down unresolved values, so that what is beside the path need not be
// known.
func (s *Stack) walk(v any, path []string) (any, error) {
	for _, key := range path {
		m, err := s.shallow(v)
		if err != nil {
			return nil, err
		}
		v = m[key]
	}
	if m, err := s.shallow(v); m != nil || err != nil {
		return m, err
	}
	return v, nil
}

// shallow is a map itself, or the map that a call gives.
func (s *Stack) shallow(v any) (Tree, error) {
	if name, argument, is := intrinsic(v); is {
		resolved, err := s.call(name, argument)
		if err != nil {
			return nil, err
		}
		v = resolved
	}
	m, _ := v.(Tree)
	return m, nil
}
