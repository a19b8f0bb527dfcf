package policy

import (
	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/problem"
)

// AuthorizeImage is Authorize for an image that exists. Who may not even see
// the image is told that there is none.
//
// Errors: NotFound without a text where get_image is denied, Forbidden where
// the rule alone is, both with the Denial; whatever else Authorize returns.
//
// Source: glance/api/v2/policy.py, ImageAPIPolicy.enforce.
func AuthorizeImage(d Decider, rule Rule, c caller.Caller, t Target) (Grant, error) {
	if live, ok := d.(*Live); ok {
		d = live.Current() // both decisions by the same rules
	}
	grant, denied := d.Authorize(rule, c, t)
	if !problem.Is(denied, problem.Forbidden) {
		return grant, denied
	}
	if rule == GetImage {
		return Grant{}, refusal(problem.NotFound, denied)
	}
	_, unseen := d.Authorize(GetImage, c, t)
	switch {
	case problem.Is(unseen, problem.Forbidden):
		return Grant{}, refusal(problem.NotFound, denied, unseen)
	case unseen != nil:
		return Grant{}, unseen
	}
	return Grant{}, denied
}
