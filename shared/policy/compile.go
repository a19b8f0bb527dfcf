package policy

import (
	"fmt"
	"slices"
	"strings"
)

// Compile returns an Enforcer for the registered defaults and what the document
// overrides, and everything that its operator has to know. The Enforcer is nil
// if and only if a finding is refused.
func Compile(doc *Document, mode Mode) (*Enforcer, Findings) {
	c := newCompilation(doc, mode, Defaults())
	c.run()
	if len(c.findings.Refused()) > 0 {
		return nil, c.findings
	}
	c.set.resolve()
	return &Enforcer{rules: c.set}, c.findings
}

// A compilation makes rules of a document, and finds what is wrong with it.
type compilation struct {
	doc      *Document
	mode     Mode
	defaults []Default
	known    map[string]bool
	inForce  map[string]entry // rules of the document, by name
	set      ruleSet
	findings Findings
}

func newCompilation(doc *Document, mode Mode, defaults []Default) *compilation {
	c := &compilation{
		doc: doc, mode: mode, defaults: defaults,
		known: namesOf(doc, defaults), inForce: map[string]entry{}, set: make(ruleSet, len(defaults)+len(doc.rules)),
		findings: slices.Clone(doc.findings),
	}
	for _, e := range doc.rules { // the last of a name wins
		if !e.nameless {
			c.inForce[e.name] = e
		}
	}
	return c
}

func (c *compilation) run() {
	for _, d := range c.defaults {
		c.registered(d)
	}
	for _, e := range c.doc.rules {
		c.entry(e)
	}
	c.circles()
	c.deep()
	if !c.doc.partial {
		c.unasked()
	}
	c.sort()
}

// registered makes a rule of a default. What the document says of a rule that it
// took the place of counts instead where the document does not have the new name,
// and where it is neither what the old rule said anyway nor the new name alone.
//
// Source: oslo_policy/policy.py, Enforcer._handle_deprecated_rule, with
// enforce_new_defaults.
func (c *compilation) registered(d Default) {
	check, _ := parse(d.Check)
	r := &compiled{name: string(d.Rule), text: d.Check, rule: check, scopes: d.Scopes}
	c.set[r.name] = r
	if d.Replaces == nil || c.has(r.name) || !c.has(string(d.Replaces.Rule)) {
		return
	}
	e := c.inForce[string(d.Replaces.Rule)]
	was, _ := parse(d.Replaces.Check)
	own, err := parseValue(e.value)
	if err != nil || own.says(was) || own.op == opRule && own.name == r.name {
		return
	}
	r.rule, r.text = own, writtenText(e.value)
	c.find(e, fault{toldOnly, fmt.Sprintf("it counts for %s, too, which took its place; give that rule a line of its own", r.name)}, "")
}

// entry makes a rule of one entry, and judges it.
func (c *compilation) entry(e entry) {
	j := judge{rule: e.name, known: c.known, some: c.doc.partial}
	if !e.unread && !isComment(e.name) {
		j.value(e.value, e.raw)
	}
	if e.overridden { // it says nothing, but it keeps oslo.policy from loading the file
		j.faults = slices.DeleteFunc(j.faults, func(f fault) bool { return f.severity != broken })
	}
	for _, f := range append(slices.Clone(e.faults), j.faults...) {
		c.find(e, f, c.correction(e, f.severity != toldOnly))
	}
	if e.unread || e.overridden || e.nameless {
		return
	}
	rule, err := parseValue(e.value)
	if err != nil || slices.ContainsFunc(j.faults, func(f fault) bool { return f.severity == broken }) {
		return
	}
	if r := c.set[e.name]; r != nil {
		r.rule, r.text = rule, writtenText(e.value)
	} else {
		c.set[e.name] = &compiled{name: e.name, text: writtenText(e.value), rule: rule}
	}
}

// correction is how the entry is written; nothing where there is no telling.
// What is only toldOnly of stays as it is, where the finding is another.
func (c *compilation) correction(e entry, gentle bool) string {
	value := e.value
	if e.meant != nil {
		value = e.meant
	}
	j := judge{rule: e.name, known: c.known, some: c.doc.partial, gentle: gentle}
	corrected, ok := j.correct(value, e.raw)
	if !ok || e.unread && e.meant == nil {
		return ""
	}
	return entryText(e.name, corrected)
}

func (c *compilation) find(e entry, f fault, correction string) {
	c.findings = append(c.findings, Finding{
		File: e.file, Line: e.line, Rule: e.name, Reason: f.reason, Correction: correction,
		Refused: f.severity == broken || f.severity == refused && c.mode == Refuse,
	})
}

// circles tells of rules that come back to themselves. Each circle is told once,
// at the first of its rules that the document has.
func (c *compilation) circles() {
	for _, circle := range c.set.circles() {
		e := entry{name: circle[0]}
		for _, name := range circle {
			if own, ok := c.inForce[name]; ok {
				e = own
				break
			}
		}
		c.find(e, fault{refused, "it refers to itself, and fails with an error when it is asked: " + strings.Join(circle, " -> ")}, "")
	}
}

// sort brings the findings into the order of files and lines.
func (c *compilation) sort() {
	slices.SortStableFunc(c.findings, func(a, b Finding) int {
		if d := slices.Index(c.doc.files, a.File) - slices.Index(c.doc.files, b.File); d != 0 {
			return d
		}
		if a.File == "" {
			return strings.Compare(a.Rule, b.Rule)
		}
		return a.Line - b.Line
	})
}
