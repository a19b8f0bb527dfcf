package policy

import (
	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/problem"
)

// AuthorizeImage is Authorize for an image that exists. Who may not even see
// the image is told that there is none.
//
// Errors: NotFound without a text where get_image is denied, Forbidden where
// the rule alone is; whatever Decide returns.
//
// Source: glance/api/v2/policy.py, ImageAPIPolicy.enforce.
func AuthorizeImage(d Decider, rule Rule, c caller.Caller, t Target) (Grant, error) {
	grant, denied := d.Authorize(rule, c, t)
	if !problem.Is(denied, problem.Forbidden) {
		return grant, denied
	}
	visible := false
	if rule != GetImage {
		var err error
		if visible, err = d.Decide(GetImage, c, t); err != nil {
			return Grant{}, err
		}
	}
	if !visible {
		return Grant{}, problem.New(problem.NotFound, "")
	}
	return Grant{}, denied
}
