package protect

import (
	"fmt"
	"strings"
)

// A Fault is what is wrong with one place of a file.
type Fault struct {
	File    string
	Line    int    // from 1; 0: the file as a whole
	Section string // its header; empty: none
	Reason  string // a sentence, without its full stop
}

// String is the fault in one line.
func (f Fault) String() string {
	var b strings.Builder
	b.WriteString(f.File + ":")
	if f.Line > 0 {
		fmt.Fprintf(&b, "%d:", f.Line)
	}
	if f.Section != "" {
		fmt.Fprintf(&b, " section [%s]:", f.Section)
	}
	return b.String() + " " + f.Reason
}

// Faults are all that was found in one run, in the order of lines.
type Faults []Fault

// Error lists the faults, one a line.
func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i := range f {
		lines[i] = f[i].String()
	}
	return strings.Join(lines, "\n")
}

// Err returns the faults as an error, nil where there are none.
func (f Faults) Err() error {
	if len(f) == 0 {
		return nil
	}
	return f
}
