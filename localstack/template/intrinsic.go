package template

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// noValue takes the property out that has it.
var noValue = &struct{ name string }{"AWS::NoValue"}

var pseudo = map[string]any{
	"AWS::Region":    Region,
	"AWS::AccountId": Account,
	"AWS::Partition": Partition,
	"AWS::URLSuffix": "amazonaws.com",
	"AWS::StackName": "gander",
	"AWS::StackId":   "arn:aws:cloudformation:" + Region + ":" + Account + ":stack/gander/00000000-0000-4000-8000-000000000000",
	"AWS::NoValue":   noValue,
}

// intrinsic reports whether a value is a call of a function.
func intrinsic(v any) (name string, argument any, is bool) {
	m, _ := v.(Tree)
	if len(m) != 1 {
		return "", nil, false
	}
	for name, argument = range m {
		is = name == "Ref" || name == "Condition" || strings.HasPrefix(name, "Fn::")
	}
	return name, argument, is
}

// resolve replaces every call below a value by what it gives. With an error
// comes what could be resolved.
func (s *Stack) resolve(v any) (any, error) {
	if name, argument, is := intrinsic(v); is {
		return s.call(name, argument)
	}
	switch v := v.(type) {
	case Tree:
		return s.tree(v)
	case []any:
		return s.list(v)
	}
	return v, nil
}

func (s *Stack) tree(t Tree) (Tree, error) {
	var faults []error
	m := make(Tree, len(t))
	for _, key := range slices.Sorted(maps.Keys(t)) {
		resolved, err := s.resolve(t[key])
		if err != nil {
			faults = append(faults, err)
		}
		if resolved != noValue {
			m[key] = resolved
		}
	}
	return m, errors.Join(faults...)
}

func (s *Stack) list(values []any) ([]any, error) {
	var faults []error
	l := make([]any, 0, len(values))
	for _, each := range values {
		resolved, err := s.resolve(each)
		if err != nil {
			faults = append(faults, err)
		}
		if resolved != noValue {
			l = append(l, resolved)
		}
	}
	return l, errors.Join(faults...)
}

// call works out one function. Those that not every reader of the templates
// knows are faults.
func (s *Stack) call(name string, argument any) (any, error) {
	switch name {
	case "Ref":
		return s.ref(Text(argument))
	case "Fn::If":
		return s.choose(argument)
	case "Fn::Sub":
		return s.substitute(argument)
	}
	unresolved, _ := argument.([]any)
	operands, err := s.list(unresolved)
	if err != nil {
		return nil, err
	}
	switch {
	case name == "Fn::GetAtt" && len(operands) == 2:
		return s.refer(Text(operands[0]) + "." + Text(operands[1]))
	case name == "Fn::GetAtt" && unresolved == nil:
		return s.refer(Text(argument))
	case name == "Fn::Join" && len(operands) == 2:
		return join(operands)
	case name == "Fn::Split" && len(operands) == 2:
		var parts []any
		for part := range strings.SplitSeq(Text(operands[1]), Text(operands[0])) {
			parts = append(parts, part)
		}
		return parts, nil
	case name == "Fn::Select" && len(operands) == 2:
		return pick(operands)
	}
	return nil, fmt.Errorf("%s: a template of ours must not use this, or not with %v", name, argument)
}

// ref gives a parameter's value, or what stands for a resource or for an
// attribute of one.
func (s *Stack) ref(name string) (any, error) {
	if v, is := pseudo[name]; is {
		if s.symbolic && v != noValue {
			return symbol(name), nil
		}
		return v, nil
	}
	if v, is := s.parameters[name]; is {
		return v, nil
	}
	return s.refer(name)
}

func symbol(name string) string { return "${" + name + "}" }

// refer gives what stands for a resource of the stack, "Table", or for an
// attribute of one, "Table.Arn". It knows the ARN of a function; other attributes
// are given.
func (s *Stack) refer(text string) (any, error) {
	id, attribute, dotted := strings.Cut(text, ".") // SAM calls what it makes of Api "Api.Stage"
	exists, err := s.exists(id)
	if err == nil && !exists {
		err = fmt.Errorf("%s: this stack has no such resource", id)
	}
	if s.symbolic || err != nil {
		return symbol(text), err
	}
	switch given := s.names[text]; {
	case given != "":
		return given, nil
	case !dotted:
		return id, nil
	case attribute == "Arn" && s.resource(id).Text("Type") == "AWS::Serverless::Function":
		return FunctionARN(id), nil
	}
	return nil, fmt.Errorf("the attribute %s of %s is not known", attribute, id)
}

// FunctionARN is the ARN of a function, by its logical id.
func FunctionARN(id string) string {
	return "arn:" + Partition + ":lambda:" + Region + ":" + Account + ":function:" + id
}

func (s *Stack) choose(argument any) (any, error) {
	l, _ := argument.([]any)
	if len(l) != 3 {
		return nil, fmt.Errorf("Fn::If takes a condition and two values")
	}
	held, err := s.condition(Text(l[0]), nil)
	if err != nil {
		return nil, err
	}
	if held {
		return s.resolve(l[1])
	}
	return s.resolve(l[2])
}

var placeholder = regexp.MustCompile(`\$\{([^}]*)\}`)

// substitute works out a Fn::Sub, with or without names of its own. Where
// references stay what they are, a literal "${x}" would look like one and is a
// fault.
func (s *Stack) substitute(argument any) (any, error) {
	text, own := Text(argument), Tree{}
	if l, is := argument.([]any); is && len(l) == 2 {
		text = Text(l[0])
		own, _ = l[1].(Tree)
	}
	var faults []error
	out := placeholder.ReplaceAllStringFunc(text, func(match string) string {
		name := match[2 : len(match)-1]
		if literal, is := strings.CutPrefix(name, "!"); is && !s.symbolic {
			return symbol(literal)
		}
		v, err := s.named(name, own)
		if err != nil {
			faults = append(faults, err)
		}
		return Text(v)
	})
	return out, errors.Join(faults...)
}

func (s *Stack) named(name string, own Tree) (any, error) {
	if v, is := own[name]; is {
		return s.resolve(v)
	}
	return s.ref(name)
}

func join(operands []any) (any, error) {
	l, is := operands[1].([]any)
	if !is {
		return nil, fmt.Errorf("Fn::Join joins a list")
	}
	parts := make([]string, len(l))
	for i, part := range l {
		parts[i] = Text(part)
	}
	return strings.Join(parts, Text(operands[0])), nil
}

func pick(operands []any) (any, error) {
	l, _ := operands[1].([]any)
	i, err := Number(operands[0])
	if err != nil || i < 0 || i >= len(l) {
		return nil, fmt.Errorf("Fn::Select: there is no element %v of %d", operands[0], len(l))
	}
	return l[i], nil
}
