package template

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// parameters gives each declared parameter its value, and complains about those
// that nobody declared, or that the declaration does not allow.
func parameters(declared map[string]any, o Options) (map[string]any, error) {
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(o.Parameters)) {
		if declared[name] == nil {
			faults = append(faults, fmt.Errorf("there is no parameter %s", name))
		}
	}
	values := make(map[string]any, len(declared))
	for _, name := range slices.Sorted(maps.Keys(declared)) {
		row, _ := declared[name].(map[string]any)
		text, set := o.Parameters[name]
		if standard, has := row["Default"]; !set && has {
			text, set = Text(standard), true
		}
		if standard, has := o.Defaults[name]; !set && has {
			text, set = standard, true
		}
		switch err := allowed(row, text); {
		case !set && o.Partial:
			continue
		case !set:
			faults = append(faults, fmt.Errorf("parameter %s has no value", name))
		case err != nil:
			faults = append(faults, fmt.Errorf("parameter %s: %w", name, err))
		}
		values[name] = text
		if kind := Text(row["Type"]); kind == "CommaDelimitedList" || strings.HasPrefix(kind, "List<") {
			values[name] = list(text)
		}
	}
	return values, errors.Join(faults...)
}

func list(text string) []any {
	items := []any{}
	for item := range strings.SplitSeq(text, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}

// allowed checks a value against AllowedValues, AllowedPattern and the bounds of
// a number.
func allowed(row map[string]any, text string) error {
	if values, has := row["AllowedValues"].([]any); has {
		if !slices.ContainsFunc(values, func(v any) bool { return Text(v) == text }) {
			return fmt.Errorf("%q is none of its allowed values", text)
		}
	}
	if pattern := Text(row["AllowedPattern"]); pattern != "" {
		whole, err := regexp.Compile("^(?:" + pattern + ")$")
		if err != nil {
			return err
		}
		if !whole.MatchString(text) {
			return fmt.Errorf("%q does not match %s", text, pattern)
		}
	}
	if row["Type"] != "Number" {
		return nil
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return fmt.Errorf("%q is no number", text)
	}
	if low, err := strconv.ParseFloat(Text(row["MinValue"]), 64); err == nil && n < low {
		return fmt.Errorf("%s is less than %v", text, low)
	}
	if high, err := strconv.ParseFloat(Text(row["MaxValue"]), 64); err == nil && n > high {
		return fmt.Errorf("%s is more than %v", text, high)
	}
	return nil
}

// Text is a scalar as CloudFormation writes it.
func Text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	}
	return fmt.Sprint(v)
}

// Number reads a whole number, which a template may write as text.
func Number(v any) (int, error) {
	n, err := strconv.Atoi(Text(v))
	if err != nil {
		return 0, fmt.Errorf("%q is no whole number", Text(v))
	}
	return n, nil
}
