package policy

import (
	"maps"
	"slices"
)

// A ruleSet holds rules by name.
type ruleSet map[string]*compiled

// resolve ties every reference to its rule. An unknown name is the default
// rule, where there is one.
func (s ruleSet) resolve() {
	for _, r := range s {
		r.rule.walk(func(e *expression) {
			if e.op != opRule {
				return
			}
			e.rule = s[e.name]
			if e.rule == nil {
				e.rule = s[defaultRule]
			}
		})
	}
}

// circles are the ways of rules back to themselves, each with its first rule at
// its end again.
func (s ruleSet) circles() [][]string {
	f := circleFinder{rules: s, seen: map[string]bool{}}
	for _, name := range slices.Sorted(maps.Keys(s)) {
		f.visit(name)
	}
	return f.found
}

// A circleFinder walks references depth first and enters each rule once.
type circleFinder struct {
	rules ruleSet
	seen  map[string]bool
	way   []string // from where the walk began
	found [][]string
}

func (f *circleFinder) visit(name string) {
	if i := slices.Index(f.way, name); i >= 0 {
		f.found = append(f.found, append(slices.Clone(f.way[i:]), name))
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
