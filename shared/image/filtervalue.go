package image

import (
	"errors"
	"strings"
	"time"

	"github.com/gander-images/gander/shared/problem"
)

// timeTests are the operators on times.
//
// Source: glance/common/utils.py, evaluate_filter_op.
var timeTests = map[string]func(compared int) bool{
	"gt": func(c int) bool { return c > 0 }, "gte": func(c int) bool { return c >= 0 },
	"lt": func(c int) bool { return c < 0 }, "lte": func(c int) bool { return c <= 0 },
	"eq": func(c int) bool { return c == 0 }, "neq": func(c int) bool { return c != 0 },
}

// readTime compares what callers are shown, which is whole seconds.
func readTime(of func(*Image) time.Time) reading {
	return func(f *filter, name, value string) error {
		operator, rest := splitOperator(value)
		holds := timeTests[operator]
		if holds == nil {
			return problem.New(problem.Invalid, "Invalid operator '%s' in the filter %s. It must be one of: eq, gt, gte, lt, lte, neq.", operator, name)
		}
		t, err := parseTime(rest)
		if err != nil {
			return problem.New(problem.Invalid, "Invalid time '%s' in the filter %s. An example of a time is 2026-07-01T09:00:00Z.", rest, name)
		}
		f.want(func(img *Image) bool { return holds(of(img).Truncate(time.Second).Compare(t)) })
		return nil
	}
}

// splitOperator takes the operator off a value; eq where there is none. A time
// keeps its colons.
//
// Source: glance/common/utils.py, split_filter_op.
func splitOperator(value string) (operator, rest string) {
	operator, rest, found := strings.Cut(value, ":")
	if !found {
		return "eq", value
	}
	if _, err := parseTime(value); err == nil {
		return "eq", value
	}
	return operator, rest
}

// oneOrMore reads the values that a text filter lets pass: v, eq:v or
// in:a,b,"c,d".
func oneOrMore(name, value string) ([]string, error) {
	switch operator, rest := splitOperator(value); operator {
	case "eq":
		return []string{rest}, nil
	case "in":
		return splitQuoted(rest)
	default:
		return nil, problem.New(problem.Invalid, "Invalid operator '%s' in the filter %s. It must be eq or in; put a value with a colon behind eq:.", operator, name)
	}
}

// splitQuoted splits a list at its commas. A value in double quotes may hold
// commas, and a quote or a backslash behind a backslash.
//
// Source: glance/common/utils.py, split_filter_value_for_quotes. Glance leaves
// the backslashes in.
func splitQuoted(list string) ([]string, error) {
	values := []string{}
	for rest := list; rest != ""; {
		if rest[0] == '"' {
			value, after, err := quoted(rest[1:])
			if err != nil {
				return nil, err
			}
			values, rest = append(values, value), after
			continue
		}
		value, after, _ := strings.Cut(rest, ",")
		if strings.Contains(strings.ReplaceAll(value, `\"`, ""), `"`) {
			return nil, problem.New(problem.Invalid, "Invalid filter value %s. There is no comma before an opening quotation mark.", list)
		}
		values, rest = append(values, value), after
	}
	return values, nil
}

// quoted reads up to the closing quote, and the comma behind it.
func quoted(s string) (value, after string, err error) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\'):
			i++
			b.WriteByte(s[i])
		case s[i] != '"':
			b.WriteByte(s[i])
		case i+1 < len(s) && s[i+1] != ',':
			return "", "", problem.New(problem.Invalid, `Invalid filter value "%s. There is no comma after a closing quotation mark.`, s)
		default:
			return b.String(), strings.TrimPrefix(s[i+1:], ","), nil
		}
	}
	return "", "", problem.New(problem.Invalid, `Invalid filter value "%s. The quote is not closed.`, s)
}

// timeLayouts are the forms of ISO 8601 that a filter takes. Seconds may have a
// fraction; a time without a zone is in UTC. Between dashes, one digit is enough
// for a month or a day, as it is for seconds.
//
// Source: the iso8601 module of Python, as oslo.utils calls it.
var timeLayouts = func() []string {
	layouts := []string{"2006-1-2", "20060102", "2006-1", "2006"}
	for _, date := range []string{"2006-1-2T", "2006-1-2 ", "20060102T", "20060102 "} {
		for _, clock := range []string{"15:04:5", "150405", "15:04", "1504", "15"} {
			for _, zone := range []string{"Z07:00", "Z0700", "Z07", ""} {
				layouts = append(layouts, date+clock+zone)
			}
		}
	}
	return layouts
}()

var errNoTime = errors.New("no ISO 8601 time")

func parseTime(text string) (time.Time, error) {
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, errNoTime
}
