// Package pattern decides whether an event matches a filter of an event source
// mapping. An operator that it does not know is an error, never a match.
//
// Source: AWS Lambda Developer Guide, "Control which events Lambda sends to your
// function", filter rule syntax.
package pattern

import (
	"encoding/json"
	"fmt"
	"strings"
)

// A Pattern is a compiled filter.
type Pattern struct {
	fields map[string]field
}

// A field is what a pattern wants of one member of an object: more fields below
// it, or one of several values.
type field struct {
	below  *Pattern
	values []matcher
}

// A matcher decides about one value. present is false where there is none.
type matcher func(value any, present bool) bool

// Compile reads a filter's pattern.
func Compile(text string) (*Pattern, error) {
	var tree map[string]any
	if err := json.Unmarshal([]byte(text), &tree); err != nil {
		return nil, fmt.Errorf("pattern: %w", err)
	}
	return compile(tree)
}

func compile(tree map[string]any) (*Pattern, error) {
	p := &Pattern{fields: make(map[string]field, len(tree))}
	for name, want := range tree {
		var f field
		var err error
		switch want := want.(type) {
		case map[string]any:
			f.below, err = compile(want)
		case []any:
			if name == "$or" {
				return nil, fmt.Errorf("pattern: $or is not known here")
			}
			f.values, err = compileAll(want)
		default:
			err = fmt.Errorf("pattern: %s must be an object or a list", name)
		}
		if err != nil {
			return nil, err
		}
		p.fields[name] = f
	}
	return p, nil
}

func compileAll(wants []any) ([]matcher, error) {
	all := make([]matcher, 0, len(wants))
	for _, want := range wants {
		m, err := compileOne(want)
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, nil
}

// compileOne reads one alternative: a plain value, or an operator.
func compileOne(want any) (matcher, error) {
	operation, is := want.(map[string]any)
	if !is {
		return equals(want), nil
	}
	if len(operation) == 1 {
		for name, operand := range operation {
			if m := operator(name, operand); m != nil {
				return m, nil
			}
		}
	}
	return nil, fmt.Errorf("pattern: the operator %v is not known here", want)
}

func equals(want any) matcher {
	return func(value any, present bool) bool { return present && value == want }
}

// operator returns nil for what it does not know.
func operator(name string, operand any) matcher {
	text, isText := operand.(string)
	onText := func(match func(value string) bool) matcher {
		if !isText {
			return nil
		}
		return func(value any, _ bool) bool {
			s, is := value.(string)
			return is && match(s)
		}
	}
	switch name {
	case "prefix":
		return onText(func(s string) bool { return strings.HasPrefix(s, text) })
	case "suffix":
		return onText(func(s string) bool { return strings.HasSuffix(s, text) })
	case "equals-ignore-case":
		return onText(func(s string) bool { return strings.EqualFold(s, text) })
	case "exists":
		if wanted, is := operand.(bool); is {
			return func(_ any, present bool) bool { return present == wanted }
		}
	case "anything-but":
		return anythingBut(operand)
	}
	return nil
}

func anythingBut(operand any) matcher {
	but, is := operand.([]any)
	if !is {
		but = []any{operand}
	}
	matchers, err := compileAll(but)
	if err != nil {
		return nil
	}
	return func(value any, present bool) bool {
		for _, m := range matchers {
			if m(value, present) {
				return false
			}
		}
		return present
	}
}

// Match reports whether the event, as decoded JSON, has all that the pattern
// wants.
func (p *Pattern) Match(event any) bool {
	object, _ := event.(map[string]any)
	for name, f := range p.fields {
		value, present := object[name]
		if f.below != nil {
			if !f.below.Match(value) {
				return false
			}
		} else if !matchesAny(f.values, value, present) {
			return false
		}
	}
	return true
}

// matchesAny takes a list for each of its elements.
func matchesAny(matchers []matcher, value any, present bool) bool {
	each := []any{value}
	if l, is := value.([]any); is {
		each = l
	}
	for _, m := range matchers {
		for _, v := range each {
			if m(v, present) {
				return true
			}
		}
	}
	return false
}
