package policy

import (
	"fmt"
	"strings"
)

// A Mode says what becomes of rules that oslo.policy takes and Gander holds to
// be mistakes.
type Mode uint8

// The modes. What oslo.policy itself cannot load is refused in both.
const (
	Refuse Mode = iota // no Enforcer is made of them
	Warn               // they mean what they mean to oslo.policy, and are told
)

// A Finding is something about a policy file that its operator has to know.
type Finding struct {
	File       string // empty: the rules came from no file
	Line       int    // from 1; 0: the file as a whole
	Rule       string // name; empty: no single rule
	Reason     string // a sentence, without its full stop
	Correction string // entries, name and value, as YAML and JSON take them; empty: there is no telling what was meant
	Refused    bool   // no Enforcer is made
}

// String is the finding in one line: where, which rule, why, and what to write.
func (f Finding) String() string {
	var b strings.Builder
	if f.File != "" {
		b.WriteString(f.File + ":")
		if f.Line > 0 {
			fmt.Fprintf(&b, "%d:", f.Line)
		}
		b.WriteString(" ")
	}
	if f.Rule != "" {
		fmt.Fprintf(&b, "rule %q: ", f.Rule)
	}
	b.WriteString(f.Reason)
	if f.Correction != "" {
		b.WriteString("; write " + strings.ReplaceAll(f.Correction, "\n", " and on a line of its own "))
	}
	return b.String()
}

// Findings are all that was found in one run, in the order of files and lines.
type Findings []Finding

// Error lists the findings, one a line.
func (f Findings) Error() string {
	lines := make([]string, len(f))
	for i := range f {
		lines[i] = f[i].String()
	}
	return strings.Join(lines, "\n")
}

// Refused returns the findings that keep an Enforcer from being made.
func (f Findings) Refused() Findings { return f.that(true) }

// Warnings returns the others.
func (f Findings) Warnings() Findings { return f.that(false) }

func (f Findings) that(refused bool) Findings {
	var some Findings
	for _, finding := range f {
		if finding.Refused == refused {
			some = append(some, finding)
		}
	}
	return some
}

// Err returns the refused findings as an error, nil if there are none.
func (f Findings) Err() error {
	if refused := f.Refused(); len(refused) > 0 {
		return refused
	}
	return nil
}
