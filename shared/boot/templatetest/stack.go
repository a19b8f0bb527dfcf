package templatetest

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
)

// A Stack is what a template makes with some parameters: the resources and
// outputs whose conditions hold, and everything in them worked out.
type Stack struct {
	Resources Tree
	Outputs   Tree
	Globals   Tree
}

// Stack makes the stack of a template. The error names everything that is wrong:
// parameters that are missing, unknown or not allowed, and whatever refers to
// what this stack does not have.
func (t Tree) Stack(parameters map[string]string) (Stack, error) {
	m := maker{template: t, parameters: map[string]string{}, conditions: map[string]bool{}}
	m.take(parameters)
	for _, name := range slices.Sorted(maps.Keys(t.At("Conditions"))) {
		m.holds(name)
	}
	s := Stack{Resources: m.section("Resources"), Outputs: m.section("Outputs"), Globals: m.tree(t.At("Globals"))}
	return s, errors.Join(m.faults...)
}

// Of returns the resources of a type, by their logical ids.
func (s Stack) Of(kind string) map[string]Tree {
	of := make(map[string]Tree)
	for id := range s.Resources {
		if r := s.Resources.At(id); r.Text("Type") == kind {
			of[id] = r
		}
	}
	return of
}

// Properties are those of one resource.
func (s Stack) Properties(id string) Tree { return s.Resources.At(id, "Properties") }

// A maker works a template out.
type maker struct {
	template   Tree
	parameters map[string]string
	conditions map[string]bool // those decided
	faults     []error
}

func (m *maker) fault(format string, args ...any) {
	m.faults = append(m.faults, fmt.Errorf(format, args...))
}

// take gives the parameters their values.
func (m *maker) take(given map[string]string) {
	declared := m.template.At("Parameters")
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if _, ok := declared[name]; !ok {
			m.fault("%s: there is no such parameter", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(declared)) {
		row := declared.At(name)
		value, ok := given[name]
		if _, has := row["Default"]; !ok && has {
			value, ok = row.Text("Default"), true
		}
		if !ok {
			m.fault("%s: the parameter is missing", name)
		}
		if allowed := row.Texts("AllowedValues"); allowed != nil && ok && !slices.Contains(allowed, value) {
			m.fault("%s: %q is none of %v", name, value, allowed)
		}
		if pattern := row.Text("AllowedPattern"); pattern != "" && ok && !regexp.MustCompile("^(?:"+pattern+")$").MatchString(value) {
			m.fault("%s: %q does not match %s", name, value, pattern)
		}
		m.parameters[name] = value
	}
}

// holds decides a condition by its name.
func (m *maker) holds(name string) bool {
	if held, decided := m.conditions[name]; decided {
		return held
	}
	expression, ok := m.template.At("Conditions")[name]
	if !ok {
		m.fault("%s: there is no such condition", name)
		return false
	}
	m.conditions[name] = false // one that needs itself does not hold
	m.conditions[name] = m.decide(expression)
	return m.conditions[name]
}

func (m *maker) decide(expression any) bool {
	name, argument := function(expression)
	operands, _ := argument.([]any)
	switch {
	case name == "Condition":
		text, _ := argument.(string)
		return m.holds(text)
	case name == "Fn::Equals" && len(operands) == 2:
		return fmt.Sprint(m.value(operands[0])) == fmt.Sprint(m.value(operands[1]))
	case name == "Fn::Not" && len(operands) == 1:
		return !m.decide(operands[0])
	case name == "Fn::And":
		return !slices.ContainsFunc(operands, func(o any) bool { return !m.decide(o) })
	case name == "Fn::Or":
		return slices.ContainsFunc(operands, m.decide)
	}
	m.fault("%v: this is no condition", expression)
	return false
}

// has reports whether the stack has a resource.
func (m *maker) has(id string) bool {
	r, ok := m.template.At("Resources")[id].(Tree)
	return ok && (r.Text("Condition") == "" || m.holds(r.Text("Condition")))
}

// section works out those of a section's entries whose conditions hold.
func (m *maker) section(name string) Tree {
	out := Tree{}
	for _, id := range slices.Sorted(maps.Keys(m.template.At(name))) {
		entry := m.template.At(name, id)
		if c := entry.Text("Condition"); c != "" && !m.holds(c) {
			continue
		}
		before := len(m.faults)
		out[id] = m.tree(entry)
		for i := before; i < len(m.faults); i++ {
			m.faults[i] = fmt.Errorf("%s: %w", id, m.faults[i])
		}
	}
	return out
}
