package setting

import (
	"strings"

	"github.com/gander-images/gander/shared/policy"
)

// Rules are the policy of one listener, as it was read at the start.
type Rules struct {
	Files    []string // and directories, as set; none: the default rules alone
	Mode     policy.Mode
	Document *policy.Document
	Enforcer *policy.Enforcer
	Warnings policy.Findings
}

// read reads the files at once: whatever is wrong with them is a fault of the
// setting that names them.
func (r *Rules) read(name, faults string) Faults {
	if faults == "warn" {
		r.Mode = policy.Warn
	}
	r.Document, _ = policy.Read(r.Files...) // Compile tells what was found
	enforcer, findings := policy.Compile(r.Document, r.Mode)
	r.Enforcer, r.Warnings = enforcer, findings.Warnings()
	if err := findings.Err(); err != nil {
		return Faults{name + ": " + strings.ReplaceAll(err.Error(), "\n", "\n    ")}
	}
	return nil
}
