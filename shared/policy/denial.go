package policy

import (
	"errors"
	"slices"
	"strings"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/problem"
)

// A Denial is why a rule let somebody not act: what stands behind a refusal, for
// the log and never for the caller. It has the texts of rules, and no value of
// caller or target.
type Denial struct {
	Checks []string // "delete_image: role:admin=false, role:member=false"
}

// Error implements error.
func (d *Denial) Error() string { return strings.Join(d.Checks, "; ") }

// maxFailing bounds the checks that are told of one rule.
const maxFailing = 20

// denial explains why the rule denied. It is made for refusals alone, and costs a
// second evaluation.
func (e *Enforcer) denial(rule Rule, c caller.Caller, t Target) *Denial {
	x, err := e.Explain(rule, c, t)
	if err != nil {
		return &Denial{}
	}
	failing := x.Tree.failing(nil)
	if len(failing) > maxFailing {
		failing = append(failing[:maxFailing], "...")
	}
	return &Denial{Checks: []string{string(rule) + ": " + strings.Join(failing, ", ")}}
}

// failing appends the checks that would have to be otherwise for the part to be
// true, each once.
func (n *Node) failing(list []string) []string {
	if n.Skipped || n.Result == ResultTrue {
		return list
	}
	if len(n.Children) > 0 && n.op != opNot {
		for _, child := range n.Children {
			list = child.failing(list)
		}
		return list
	}
	if told := n.text + "=" + string(n.Result); !slices.Contains(list, told) {
		list = append(list, told)
	}
	return list
}

// refusal is a failure without a text that has the denials of others for its
// cause.
func refusal(code problem.Code, denials ...error) error {
	all := &Denial{}
	for _, err := range denials {
		var d *Denial
		if errors.As(err, &d) {
			all.Checks = append(all.Checks, d.Checks...)
		}
	}
	return problem.Because(all, code, "")
}
