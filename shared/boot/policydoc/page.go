package policydoc

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/gander-images/gander/shared/httpapi"
	"github.com/gander-images/gander/shared/policy"
)

// prose is the page but for its tables.
//
//go:embed page.txt
var prose string

// tablesHere is the line of the prose that the tables stand in place of.
const tablesHere = "(the tables)\n"

// Page is docs/policy.md. Errors: a registered rule cannot be evaluated.
func Page() (string, error) {
	defaults, err := policy.New(nil)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, g := range policy.Groups() {
		if err := writeTable(&b, defaults, g); err != nil {
			return "", err
		}
	}
	return strings.Replace(prose, tablesHere, strings.TrimPrefix(b.String(), "\n"), 1), nil
}

func writeTable(b *strings.Builder, d policy.Decider, g policy.Group) error {
	on := situations(g.Title)
	fmt.Fprintf(b, "\n### %s\n\n| rule | default | tokens | operations | asked by |", g.Title)
	for _, s := range on {
		fmt.Fprintf(b, " %s |", s.title)
	}
	b.WriteString("\n|" + strings.Repeat(" --- |", 5+len(on)) + "\n")
	for _, r := range g.Defaults {
		fmt.Fprintf(b, "| `%s`<br>%s | %s | %s | %s | %s |", r.Rule, r.Description, check(r), scopes(r), operations(r), askedBy(r))
		for _, s := range on {
			who, err := letIn(d, r.Rule, s.target)
			if err != nil {
				return err
			}
			fmt.Fprintf(b, " %s |", who)
		}
		b.WriteString("\n")
	}
	return nil
}

func check(r policy.Default) string {
	if r.Check == "" {
		return "(empty)"
	}
	return "`" + r.Check + "`"
}

func operations(r policy.Default) string {
	quoted := make([]string, len(r.Operations))
	for i, o := range r.Operations {
		quoted[i] = "`" + o + "`"
	}
	return strings.Join(quoted, "<br>")
}

// askedBy names the operations of this version that ask a rule, or says why
// there is none.
func askedBy(r policy.Default) string {
	var names []string
	for _, op := range httpapi.All {
		if slices.Contains(op.Rules, r.Rule) {
			names = append(names, "`"+op.Name+"`")
		}
	}
	switch {
	case len(names) > 0:
		return strings.Join(names, ", ")
	case isReferred(r.Rule):
		return "other rules"
	case served(r): // or of no operation
		return "*never asked*"
	}
	return "*not served yet*"
}

// isReferred reports whether another default refers to a rule.
func isReferred(rule policy.Rule) bool {
	return slices.ContainsFunc(policy.Defaults(), func(d policy.Default) bool {
		return slices.Contains(strings.FieldsFunc(d.Check, func(c rune) bool { return strings.ContainsRune(" ()", c) }), "rule:"+string(rule))
	})
}

// served reports whether this version serves all of a rule's operations.
func served(r policy.Default) bool {
	for _, o := range r.Operations {
		method, path, _ := strings.Cut(o, " ")
		if !slices.ContainsFunc(httpapi.All, func(op httpapi.Operation) bool {
			return slices.Contains(op.Methods, method) && slices.Contains(op.Paths, path)
		}) {
			return false
		}
	}
	return true
}
