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
func parameters(declared Tree, o Options) (map[string]any, error) {
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(o.Parameters)) {
		if declared[name] == nil {
			faults = append(faults, fmt.Errorf("%s: there is no such parameter", name))
		}
	}
	values := make(map[string]any, len(declared))
	for _, name := range slices.Sorted(maps.Keys(declared)) {
		row := declared.At(name)
		text, set := o.Parameters[name]
		if _, has := row["Default"]; !set && has {
			text, set = row.Text("Default"), true
		}
		if standard, has := o.Defaults[name]; !set && has {
			text, set = standard, true
		}
		switch err := allowed(row, text); {
		case !set && o.Partial:
			continue
		case !set:
			faults = append(faults, fmt.Errorf("%s: the parameter is missing", name))
		case err != nil:
			faults = append(faults, fmt.Errorf("%s: %w", name, err))
		}
		values[name] = text
		if kind := row.Text("Type"); kind == "CommaDelimitedList" || strings.HasPrefix(kind, "List<") {
			values[name] = separated(text)
		}
	}
	return values, errors.Join(faults...)
}

func separated(text string) []any {
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
func allowed(row Tree, text string) error {
	if values := row.Texts("AllowedValues"); values != nil && !slices.Contains(values, text) {
		return fmt.Errorf("%q is none of %v", text, values)
	}
	if pattern := row.Text("AllowedPattern"); pattern != "" {
		whole, err := regexp.Compile("^(?:" + pattern + ")$")
		if err != nil {
			return err
		}
		if !whole.MatchString(text) {
			return fmt.Errorf("%q does not match %s", text, pattern)
		}
	}
	if row.Text("Type") != "Number" {
		return nil
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return fmt.Errorf("%q is no number", text)
	}
	if low, err := strconv.ParseFloat(row.Text("MinValue"), 64); err == nil && n < low {
		return fmt.Errorf("%s is less than %v", text, low)
	}
	if high, err := strconv.ParseFloat(row.Text("MaxValue"), 64); err == nil && n > high {
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
