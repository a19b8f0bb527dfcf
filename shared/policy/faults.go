package policy

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxRuleLen bounds the text of one rule, in bytes, and by that the depth of
// what it says.
const maxRuleLen = 64 << 10

// parseOverride reads an operator's rule. It takes texts and lists of texts,
// and nothing that a slip of YAML would turn into "allow".
func parseOverride(value any) (*expression, error) {
	if err := checkValue(value); err != nil {
		return nil, err
	}
	return parseValue(value)
}

func checkValue(value any) error {
	switch v := value.(type) {
	case string:
		return checkText(v)
	case []any:
		for _, clause := range v {
			if err := checkClause(clause); err != nil {
				return err
			}
		}
		return nil
	}
	return fmt.Errorf("a rule is a quoted text or a list, not %v; \"\" allows and \"!\" denies", describe(value))
}

func checkClause(clause any) error {
	if text, ok := clause.(string); ok {
		return checkText(text)
	}
	checks, ok := clause.([]any)
	if !ok {
		return fmt.Errorf("a list holds texts and lists of texts, not %v", describe(clause))
	}
	for _, check := range checks {
		text, ok := check.(string)
		if !ok {
			return fmt.Errorf("a list holds texts and lists of texts, not %v", describe(check))
		}
		if err := checkText(text); err != nil {
			return err
		}
	}
	return nil
}

func checkText(text string) error {
	switch {
	case len(text) > maxRuleLen:
		return fmt.Errorf("the text has %d bytes; at most %d are taken", len(text), maxRuleLen)
	case !utf8.ValidString(text):
		return errors.New("the text is not UTF-8")
	}
	return nil
}

func describe(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case map[string]any:
		return "a mapping"
	case []any:
		return "a list"
	}
	return fmt.Sprintf("%v", value)
}

// faults are what is wrong with the rules as a whole: remote checks, references
// to nothing, and circles.
func (s ruleSet) faults() []error {
	var faults []error
	circles := circleFinder{rules: s, seen: map[string]bool{}}
	for _, name := range slices.Sorted(maps.Keys(s)) {
		s[name].rule.walk(func(e *expression) {
			switch {
			case e.op == opRemote:
				faults = append(faults, fmt.Errorf("policy rule %q: remote checks are not offered: %s", name, e.text))
			case e.op == opRule && s[e.name] == nil:
				faults = append(faults, fmt.Errorf("policy rule %q: there is no rule %q", name, e.name))
			}
		})
		circles.visit(name)
	}
	return append(faults, circles.found...)
}

// A circleFinder walks references depth first and enters each rule once.
type circleFinder struct {
	rules ruleSet
	seen  map[string]bool
	way   []string // from where the walk began
	found []error
}

func (f *circleFinder) visit(name string) {
	if i := slices.Index(f.way, name); i >= 0 {
		circle := strings.Join(append(slices.Clone(f.way[i:]), name), " -> ")
		f.found = append(f.found, fmt.Errorf("policy rule %q refers to itself: %s", name, circle))
		return
	}
	r := f.rules[name]
	if r == nil || f.seen[name] {
		return
	}
	f.seen[name] = true
	f.way = append(f.way, name)
	r.rule.walk(func(e *expression) {
		if e.op == opRule {
			f.visit(e.name)
		}
	})
	f.way = f.way[:len(f.way)-1]
}
