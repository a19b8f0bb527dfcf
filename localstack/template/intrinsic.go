package template

import (
	"fmt"
	"regexp"
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
	m, _ := v.(map[string]any)
	if len(m) != 1 {
		return "", nil, false
	}
	for name, argument = range m {
		is = name == "Ref" || name == "Condition" || strings.HasPrefix(name, "Fn::")
	}
	return name, argument, is
}

// resolve replaces every call below a value by what it gives.
func (s *Stack) resolve(v any) (any, error) {
	if name, argument, is := intrinsic(v); is {
		return s.call(name, argument)
	}
	switch v := v.(type) {
	case map[string]any:
		m := make(map[string]any, len(v))
		for key, each := range v {
			resolved, err := s.resolve(each)
			if err != nil {
				return nil, err
			}
			if resolved != noValue {
				m[key] = resolved
			}
		}
		return m, nil
	case []any:
		l := make([]any, 0, len(v))
		for _, each := range v {
			resolved, err := s.resolve(each)
			if err != nil {
				return nil, err
			}
			if resolved != noValue {
				l = append(l, resolved)
			}
		}
		return l, nil
	}
	return v, nil
}

// call works out one function.
func (s *Stack) call(name string, argument any) (any, error) {
	switch name {
	case "Ref":
		return s.ref(Text(argument))
	case "Fn::If":
		return s.choose(argument)
	case "Fn::Sub":
		return s.substitute(argument)
	}
	resolved, err := s.resolve(argument)
	if err != nil {
		return nil, err
	}
	operands, _ := resolved.([]any)
	switch {
	case name == "Fn::GetAtt" && len(operands) == 2:
		return s.attribute(Text(operands[0]), Text(operands[1]))
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
	case name == "Fn::FindInMap" && len(operands) == 3:
		return s.find(operands)
	}
	return nil, fmt.Errorf("%s is not known, or not with this argument: %v", name, argument)
}

func (s *Stack) ref(name string) (any, error) {
	if v, is := pseudo[name]; is {
		return v, nil
	}
	if v, is := s.parameters[name]; is {
		return v, nil
	}
	if s.resources[name] == nil {
		return nil, fmt.Errorf("there is nothing called %s", name)
	}
	if given := s.names[name]; given != "" {
		return given, nil
	}
	return name, nil
}

// attribute knows the ARN of a function; others are given.
func (s *Stack) attribute(id, name string) (any, error) {
	if given := s.names[id+"."+name]; given != "" {
		return given, nil
	}
	resource, ok := s.resources[id].(map[string]any)
	if !ok {
		return nil, fmt.Errorf("there is no resource %s", id)
	}
	if resource["Type"] == "AWS::Serverless::Function" && name == "Arn" {
		return FunctionARN(id), nil
	}
	return nil, fmt.Errorf("the attribute %s of %s is not known", name, id)
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

// substitute works out a Fn::Sub, with or without names of its own.
func (s *Stack) substitute(argument any) (any, error) {
	text, own := Text(argument), map[string]any{}
	if l, is := argument.([]any); is && len(l) == 2 {
		text = Text(l[0])
		own, _ = l[1].(map[string]any)
	}
	var failed error
	out := placeholder.ReplaceAllStringFunc(text, func(match string) string {
		name := match[2 : len(match)-1]
		if literal, is := strings.CutPrefix(name, "!"); is {
			return "${" + literal + "}"
		}
		v, err := s.named(name, own)
		if err != nil {
			failed = err
		}
		return Text(v)
	})
	return out, failed
}

func (s *Stack) named(name string, own map[string]any) (any, error) {
	if v, is := own[name]; is {
		return s.resolve(v)
	}
	if id, attribute, dotted := strings.Cut(name, "."); dotted {
		return s.attribute(id, attribute)
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

func (s *Stack) find(operands []any) (any, error) {
	var v any = s.mappings
	for _, key := range operands {
		m, _ := v.(map[string]any)
		v = m[Text(key)]
	}
	if v == nil {
		return nil, fmt.Errorf("Fn::FindInMap: there is no %v", operands)
	}
	return v, nil
}
