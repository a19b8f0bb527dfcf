package templatetest

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// nothing is what AWS::NoValue stands for: what has it is not there.
var nothing = new(struct{ _ int })

// function is the call that a value is, if it is one.
func function(value any) (name string, argument any) {
	t, _ := value.(Tree)
	if len(t) != 1 {
		return "", nil
	}
	for name, argument = range t {
		if name == "Ref" || name == "Condition" || strings.HasPrefix(name, "Fn::") {
			return name, argument
		}
	}
	return "", nil
}

func (m *maker) tree(t Tree) Tree {
	out := make(Tree, len(t))
	for key, each := range t {
		if key == "Condition" {
			if _, ok := each.(string); ok {
				out[key] = each // a resource's own
				continue
			}
		}
		if v := m.value(each); v != nothing {
			out[key] = v
		}
	}
	return out
}

// value works out a value and all that is in it.
func (m *maker) value(v any) any {
	if name, argument := function(v); name != "" {
		return m.call(name, argument)
	}
	switch v := v.(type) {
	case Tree:
		return m.tree(v)
	case []any:
		out := make([]any, 0, len(v))
		for _, each := range v {
			if w := m.value(each); w != nothing {
				out = append(out, w)
			}
		}
		return out
	}
	return v
}

// call works out a function. Those that not every reader of the templates knows
// are faults.
func (m *maker) call(name string, argument any) any {
	operands, _ := argument.([]any)
	switch {
	case name == "Ref":
		return m.ref(fmt.Sprint(argument))
	case name == "Fn::GetAtt":
		return m.attribute(argument)
	case name == "Fn::Sub":
		return m.sub(argument)
	case name == "Fn::If" && len(operands) == 3:
		if m.holds(fmt.Sprint(operands[0])) {
			return m.value(operands[1])
		}
		return m.value(operands[2])
	case name == "Fn::Join" && len(operands) == 2:
		return strings.Join(Tree{"": m.value(operands[1])}.Texts(""), fmt.Sprint(operands[0]))
	case name == "Fn::Split" && len(operands) == 2:
		var parts []any
		for part := range strings.SplitSeq(fmt.Sprint(m.value(operands[1])), fmt.Sprint(operands[0])) {
			parts = append(parts, part)
		}
		return parts
	case name == "Fn::Select" && len(operands) == 2:
		return m.pick(operands)
	}
	m.fault("%s: a template of ours must not use this, or not with %v", name, argument)
	return nil
}

func (m *maker) ref(name string) any {
	if name == "AWS::NoValue" {
		return nothing
	}
	if value, ok := m.parameters[name]; ok {
		return value
	}
	return m.resource(name, name)
}

// resource is the text that stands for a resource, or for something of it.
func (m *maker) resource(id, text string) string {
	id, _, _ = strings.Cut(id, ".") // SAM calls what it makes of Api "Api.Stage"
	if !strings.HasPrefix(id, "AWS::") && !m.has(id) {
		m.fault("%s: this stack has no such resource", id)
	}
	return "${" + text + "}"
}

func (m *maker) attribute(argument any) any {
	text, short := argument.(string)
	if !short {
		text = strings.Join(Tree{"": argument}.Texts(""), ".")
	}
	return m.resource(text, text)
}

var (
	placeholder = regexp.MustCompile(`\$\{([^}]*)\}`)
	reference   = regexp.MustCompile(`\$\{(\w+)[.}]`)
)

func (m *maker) sub(argument any) any {
	text, own := argument, Tree{}
	if list, ok := argument.([]any); ok && len(list) == 2 {
		text = list[0]
		own, _ = list[1].(Tree)
	}
	return placeholder.ReplaceAllStringFunc(fmt.Sprint(text), func(match string) string {
		name := match[2 : len(match)-1]
		if v, ok := own[name]; ok {
			return fmt.Sprint(m.value(v))
		}
		return fmt.Sprint(m.ref(name))
	})
}

func (m *maker) pick(operands []any) any {
	list := Tree{"": m.value(operands[1])}.List("")
	i, err := strconv.Atoi(fmt.Sprint(operands[0]))
	if err != nil || i < 0 || i >= len(list) {
		m.fault("Fn::Select: there is no element %v of %d", operands[0], len(list))
		return nil
	}
	return list[i]
}
