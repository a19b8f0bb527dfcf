// Package policydoc writes what operators read about policy, from the registered
// rules and the table of operations: the sample file and the page of the rules.
package policydoc

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/gander-images/gander/shared/policy"
)

const sampleHead = `# Every rule that Gander registers, with its default.
#
# To change a rule, take away the # before its name, and write what is to hold
# between the quotes. What stays behind a # keeps its default, also in later
# versions: leave there what you do not change. docs/policy.md tells the language,
# and "gander policy-check -file FILE" what is wrong with a file.
`

// Sample is a policy file of every registered rule, with all of them commented
// out: with the # before each name taken away, it says what holds without it.
//
// Source: the form is that of oslo_policy/generator.py, oslopolicy-sample-generator.
func Sample() string {
	var b strings.Builder
	b.WriteString(sampleHead)
	for _, g := range policy.Groups() {
		fmt.Fprintf(&b, "\n\n# %s\n", strings.ToUpper(g.Title))
		for _, d := range g.Defaults {
			writeRule(&b, d)
		}
	}
	return b.String()
}

func writeRule(b *strings.Builder, d policy.Default) {
	fmt.Fprintf(b, "\n# %s\n", d.Description)
	for _, operation := range d.Operations {
		fmt.Fprintf(b, "# %s\n", operation)
	}
	fmt.Fprintf(b, "# Tokens: %s\n", scopes(d))
	fmt.Fprintf(b, "#%s: %s\n", strconv.Quote(string(d.Rule)), strconv.Quote(d.Check))
}

// scopes names the tokens that a rule is for.
func scopes(d policy.Default) string {
	if len(d.Scopes) == 0 {
		return "any"
	}
	names := make([]string, len(d.Scopes))
	for i, s := range d.Scopes {
		names[i] = s.String()
	}
	return strings.Join(names, ", ")
}
