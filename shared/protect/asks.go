package protect

import "github.com/gander-images/gander/shared/policy"

// Asks returns the rules that the file has the policy decide; none for the format
// roles, and for no file at all.
func (r *Rules) Asks() []policy.Rule {
	if r == nil {
		return nil
	}
	var rules []policy.Rule
	for i := range r.sections {
		for _, may := range r.sections[i].may {
			if may.rule != "" {
				rules = append(rules, may.rule)
			}
		}
	}
	return rules
}
