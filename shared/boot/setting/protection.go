package setting

import (
	"strings"

	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/protect"
)

// Protection is a file of property protections, as it was read at the start.
type Protection struct {
	File     string // empty: nothing is protected
	Format   string // roles or policies
	Rules    *protect.Rules
	Warnings protect.Faults
}

// read reads the file at once. Rules that it names must stand in the policy of
// every listener; where one of those could not be read, that is told, and there
// is no telling which rules it has.
func (p *Protection) read(v *Values, given map[string]string) Faults {
	const file, format = "GANDER_PROPERTY_PROTECTION_FILE", "GANDER_PROPERTY_PROTECTION_FORMAT"
	switch {
	case given[format] != "" && given[file] == "":
		return Faults{format + ": it is nothing without " + file + ", and no property is protected"}
	case p.File == "":
		return nil
	}
	var err error
	p.Rules, p.Warnings, err = protect.Load(p.File, protect.Format(p.Format), func(rule policy.Rule) bool {
		return has(v.Policy.Enforcer, rule) && has(v.Internal.Policy.Enforcer, rule)
	})
	for _, rules := range []*Rules{&v.Policy, &v.Internal.Policy} {
		rules.Warnings = rules.Warnings.Asked(p.Rules.Asks())
	}
	if err != nil {
		return Faults{file + ": " + strings.ReplaceAll(err.Error(), "\n", "\n    ")}
	}
	return nil
}

func has(e *policy.Enforcer, rule policy.Rule) bool { return e == nil || e.Has(rule) }
