package httpapi

import (
	"context"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/image"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
)

// authorize asks policy about a stored image. Whoever may not, and may not see
// the image either, is told that it is not there.
//
// Source: glance/api/v2/policy.py, ImageAPIPolicy._enforce.
func (s *Services) authorize(rule policy.Rule, c caller.Caller, img *image.Image) (policy.Grant, error) {
	target := image.Target(img, c)
	grant, refused := s.Policy.Authorize(rule, c, target)
	if refused == nil || !problem.Is(refused, problem.Forbidden) {
		return grant, refused
	}
	if rule != policy.GetImage {
		switch _, err := s.Policy.Authorize(policy.GetImage, c, target); {
		case err == nil:
			return policy.Grant{}, refused
		case !problem.Is(err, problem.Forbidden):
			return policy.Grant{}, err
		}
	}
	return policy.Grant{}, problem.New(problem.NotFound, "")
}

// retries is how often a write that lost to another one is tried again.
const retries = 5

// again does something that reads, decides and writes, and does it anew when
// somebody else wrote in between. What is decided must be decided inside do.
func again(ctx context.Context, do func() error) error {
	for tries := 0; ; tries++ {
		err := do()
		if err == nil || !image.Changed(err) || tries == retries || ctx.Err() != nil {
			return err
		}
	}
}
