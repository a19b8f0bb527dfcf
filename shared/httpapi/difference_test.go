package httpapi

import (
	"regexp"
	"slices"
	"strings"
)

// A difference is what a gateway makes of some calls of a scenario by itself.
// Their answers are then held to this, instead of to what the scenario says.
type difference struct {
	row      string   // the first cell of its row in docs/differences.md, "Behind a gateway"
	shapes   string   // kinds of gateway, as in "rest http"; empty: all
	scenario string   // the test; empty: any
	calls    []string // their lines, a star for anything
	status   int      // 0: as without a gateway
	says     string   // empty, and no status: as without a gateway
	header   map[string]string
}

// meets reports whether the difference is of this call.
func (d *difference) meets(shape, scenario, call string) bool {
	if d.shapes != "" && !slices.Contains(strings.Fields(d.shapes), shape) || d.scenario != "" && d.scenario != scenario {
		return false
	}
	return slices.ContainsFunc(d.calls, func(pattern string) bool { return like(pattern, call) })
}

// like reports whether a call is one of those that a pattern stands for.
func like(pattern, call string) bool {
	quoted := strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, ".*")
	return regexp.MustCompile("(?s)^" + quoted + "$").MatchString(call)
}
