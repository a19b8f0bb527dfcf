package policy

import (
	"fmt"
	"maps"
	"slices"
)

// deep tells of rules that refer to others, which refer to others, beyond the
// bound. Of a long chain that is the one rule which is too far from its end.
func (c *compilation) deep() {
	d := diver{rules: c.set, known: map[string]int{}}
	for _, name := range slices.Sorted(maps.Keys(c.set)) {
		depth := d.of(name)
		if depth <= maxNesting || d.below(c.set[name].rule) > maxNesting {
			continue
		}
		e, own := c.inForce[name]
		if !own {
			e = entry{name: name}
		}
		c.find(e, fault{broken, fmt.Sprintf("with the rules that it refers to, its operators stand within each other %d deep; at most %d are taken", depth, maxNesting)}, "")
	}
}

// A diver counts operators and references within each other, of each rule once. A
// circle has no depth; it is told as such.
type diver struct {
	rules ruleSet
	known map[string]int
}

func (d *diver) of(name string) int {
	r := d.rules[name]
	if r == nil {
		return 0
	}
	depth, known := d.known[name]
	if !known {
		d.known[name] = 0
		depth = d.depth(r.rule)
		d.known[name] = depth
	}
	return depth
}

func (d *diver) depth(e *expression) int {
	deepest := 0
	for _, a := range e.args {
		deepest = max(deepest, 1+d.depth(a))
	}
	if e.op == opRule {
		deepest = 1 + d.of(e.name)
	}
	return deepest
}

// below is the depth of the deepest rule that the expression names.
func (d *diver) below(e *expression) int {
	deepest := 0
	e.walk(func(part *expression) {
		if part.op == opRule {
			deepest = max(deepest, d.of(part.name))
		}
	})
	return deepest
}
