package policy

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// parseValue reads a rule as it stands in a policy file: text, or the older
// list form. What is empty allows, whatever its type, as in oslo.policy; New
// lets fewer values through. Errors: a value that oslo.policy fails to load.
func parseValue(value any) (*expression, error) {
	if isEmpty(value) {
		return always, nil
	}
	switch v := value.(type) {
	case string:
		e, _ := parse(v)
		return e, nil
	case []any:
		return parseList(v)
	case map[string]any:
		return parseList(keys(v))
	}
	return nil, fmt.Errorf("a rule is a text or a list, not %v", value)
}

// parseList reads the list form: the outer list is or, inner lists are and,
// and elements are checks, never expressions.
//
// Source: oslo_policy/_parser.py, _parse_list_rule.
func parseList(clauses []any) (*expression, error) {
	var args []*expression
	for _, clause := range clauses {
		if isEmpty(clause) {
			continue
		}
		checks, err := parseClause(clause)
		if err != nil {
			return nil, err
		}
		args = append(args, join(opAnd, checks))
	}
	if len(args) == 0 {
		return never, nil
	}
	return join(opOr, args), nil
}

func parseClause(clause any) ([]*expression, error) {
	var elements []any
	switch c := clause.(type) {
	case string:
		elements = []any{c}
	case []any:
		elements = c
	case map[string]any:
		elements = keys(c)
	default:
		return nil, fmt.Errorf("a clause of a rule is a text or a list, not %v", clause)
	}
	checks := make([]*expression, len(elements))
	for i, element := range elements {
		checks[i] = never
		if text, ok := element.(string); ok {
			checks[i] = newCheck(text)
		}
	}
	return checks, nil
}

// isEmpty is Python's truth of a value, turned round.
func isEmpty(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case bool:
		return !v
	case string:
		return v == ""
	case int:
		return v == 0
	case float64:
		return v == 0
	case json.Number:
		f, err := v.Float64()
		return err == nil && f == 0
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return false
}

// keys returns the keys of a mapping, which oslo.policy takes for a list.
func keys(m map[string]any) []any {
	list := make([]any, 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		list = append(list, k)
	}
	return list
}
