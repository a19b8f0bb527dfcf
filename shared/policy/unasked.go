package policy

import (
	"fmt"
	"slices"
	"strings"
)

// idle are registered rules that no call asks for, with what is asked instead.
var idle = map[string]string{
	"manage_image_cache": "the calls that it is for are not served; those below /v2/cache have cache_image, cache_list and cache_delete, which do not follow it",
	"get_task":           "no call asks for it; tasks_api_access decides about tasks",
	"get_tasks":          "no call asks for it; tasks_api_access decides about tasks",
	"add_task":           "no call asks for it; tasks_api_access decides about tasks",
	"modify_task":        "no call asks for it; tasks_api_access decides about tasks",
}

const nobodyAsks = "no call asks for it, and no rule refers to it"

// Asked returns the findings without those that nobody asks for a rule, where
// something beside operations asks for it.
func (f Findings) Asked(rules []Rule) Findings {
	return slices.DeleteFunc(slices.Clone(f), func(one Finding) bool {
		return one.Reason == nobodyAsks && slices.Contains(rules, Rule(one.Rule))
	})
}

// unasked tells of rules of the document that decide nothing. A name that
// resembles a registered one is a slip: what it says is not in force.
func (c *compilation) unasked() {
	registered := map[string]string{}
	for _, d := range c.defaults {
		registered[string(d.Rule)] = d.Check
	}
	asked := c.referred()
	for _, e := range c.doc.rules {
		check, isRegistered := registered[e.name]
		switch {
		case e.overridden, e.nameless, asked[e.name]:
		case !isRegistered:
			c.unknown(e, registered)
		case idle[e.name] != "" && c.changes(e, check):
			c.find(e, fault{toldOnly, idle[e.name]}, "")
		}
	}
}

// referred are the names that some rule refers to.
func (c *compilation) referred() map[string]bool {
	names := map[string]bool{}
	for _, r := range c.set {
		r.rule.walk(func(e *expression) {
			if e.op == opRule {
				names[e.name] = true
			}
		})
	}
	for _, d := range c.defaults {
		if d.Replaces != nil {
			names[string(d.Replaces.Rule)] = true
		}
	}
	return names
}

// changes reports whether the entry says anything else than the default does.
func (c *compilation) changes(e entry, check string) bool {
	standard, _ := parse(check)
	own, err := parseValue(e.value)
	return err != nil || !own.says(standard)
}

func (c *compilation) unknown(e entry, registered map[string]string) {
	bare := straight(e.name)
	best := nearest(bare, sorted(registered))
	if i := strings.LastIndexAny(bare, ":."); best == "" && i >= 0 {
		if _, ok := registered[bare[i+1:]]; ok {
			best = bare[i+1:]
		}
	}
	switch {
	case isComment(e.name):
		c.find(e, fault{refused, commentReason}, "")
	case withoutInvisible(e.name) != e.name:
		renamed := e
		renamed.name = withoutInvisible(e.name)
		c.find(e, fault{refused, "its name has characters that nobody sees, such as a zero-width space; they are part of it"}, c.correction(renamed, true))
	case bare != e.name:
		c.find(e, fault{refused, "its name stands between typographic quotes, which are letters to YAML"}, c.correction(e, true))
	case best == "":
		c.find(e, fault{toldOnly, nobodyAsks}, "")
	case c.has(best):
		c.find(e, fault{toldOnly, fmt.Sprintf(nobodyAsks+"; %s has a line of its own", best)}, "")
	default:
		renamed := e
		renamed.name = best
		c.find(e, fault{refused, fmt.Sprintf(nobodyAsks+", so it is not in force; %s is meant, perhaps", best)}, c.correction(renamed, true))
	}
}

func (c *compilation) has(name string) bool {
	_, ok := c.inForce[name]
	return ok
}
