package policy

import (
	"regexp"
	"strings"

	"github.com/gander-images/gander/shared/policy/internal/python"
)

// list judges a rule in list form: the outer list is or, inner lists are and,
// and elements are single checks. What holds more is put right as a text.
func (j *judge) list(clauses []any) any {
	empty, expressions := true, false
	better := make([]any, len(clauses))
	for i, clause := range clauses {
		elements, inner := clause.([]any)
		if !inner {
			elements = []any{clause}
		}
		texts := j.clause(elements, inner)
		empty = empty && (len(texts) == 0 || !inner && texts[0] == "")
		for _, text := range texts {
			expressions = expressions || !isSingle(text.(string))
		}
		if better[i] = any(texts); !inner && len(texts) == 1 {
			better[i] = texts[0]
		}
	}
	switch {
	case empty && !j.doubt:
		j.fault(refused, `a list of nothing but what is empty denies; only "" and [] allow`)
		return "!"
	case j.doubt || !expressions:
		return better
	}
	return asText(better)
}

// clause judges the elements of an inner list, and returns them put right.
func (j *judge) clause(elements []any, inner bool) []any {
	texts := []any{}
	for _, element := range elements {
		text, ok := element.(string)
		switch {
		case !ok:
			j.element(element, inner)
		case j.textFits(text):
			texts = append(texts, j.listed(text, len(elements) == 1))
		}
	}
	return texts
}

// element judges what is no text. Within an inner list it is false.
func (j *judge) element(element any, inner bool) {
	s := refused
	if _, err := parseList([]any{element}); err != nil && !inner {
		s = broken
	}
	j.fault(s, "a list holds texts and lists of texts, not %s", described(element, ""))
	j.doubt = true
}

// listed judges one element.
func (j *judge) listed(text string, alone bool) string {
	trimmed := strings.TrimFunc(text, python.IsSpace)
	_, hasOperator := parse(trimmed)
	hasOperator = hasOperator && !isSingle(trimmed) && len(tokenize(trimmed)) > 1 && !isRoleWithBlanks(trimmed)
	switch {
	case text == "" && alone:
		return text // skipped by oslo.policy; told with the list as a whole
	case trimmed == "":
		j.fault(refused, "%q in a list is no check; it is false", text)
		j.doubt = true
		return text
	case hasOperator:
		j.fault(refused, "%q: an element of a list is one check, and no operators or parentheses are read in it", text)
		return j.text(trimmed)
	case strings.ContainsAny(text, typographic):
		return j.text(trimmed)
	case trimmed != text:
		j.fault(refused, "%q: blanks at the ends are part of the check", text)
	}
	return j.check(trimmed)
}

// isRoleWithBlanks reports whether it is the one check that blanks may be in.
func isRoleWithBlanks(text string) bool {
	name, isRole := strings.CutPrefix(text, "role:")
	return isRole && !strings.ContainsAny(name, ":()") && !operatorWord.MatchString(name)
}

var operatorWord = regexp.MustCompile(`(?i)(^|\s)(and|or|not)(\s|$)`)

// isSingle reports whether a text is read as one check in a list as elsewhere.
func isSingle(text string) bool {
	if isRoleWithBlanks(text) {
		return true
	}
	tokens := tokenize(text)
	return len(tokens) == 1 && (tokens[0].kind == tokenCheck || tokens[0].kind == tokenString)
}

// asText writes a list as the text that says the same.
func asText(clauses []any) string {
	var alternatives []string
	for _, clause := range clauses {
		elements, inner := clause.([]any)
		if !inner {
			elements = []any{clause}
		}
		var all []string
		for _, element := range elements {
			text := element.(string)
			if len(elements) > 1 || len(clauses) > 1 {
				text = enclose(text)
			}
			all = append(all, text)
		}
		if len(all) == 0 || all[0] == "" {
			continue
		}
		alternatives = append(alternatives, strings.Join(all, " and "))
	}
	return strings.Join(alternatives, " or ")
}
