package httpapi

import (
	"context"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/image"
	"github.com/gander-images/gander/shared/key"
	"github.com/gander-images/gander/shared/policy"
)

// authorize asks policy about a stored image. Whoever may not, and may not see
// the image either, is told that it is not there; but who may not change its
// visibility is always told so.
//
// Source: glance/api/v2/policy.py, ImageAPIPolicy._enforce and _enforce_visibility.
func (s *Services) authorize(rule policy.Rule, c caller.Caller, img *image.Image) (policy.Grant, error) {
	if rule == policy.PublicizeImage || rule == policy.CommunitizeImage {
		return s.Policy.Authorize(rule, c, image.Target(img, c))
	}
	return policy.AuthorizeImage(s.Policy, rule, c, image.Target(img, c))
}

// retries is how often a write that lost to another one is tried again.
const retries = 5

// firstPause is the longest pause before the first retry. Each one after may be
// twice as long, so that the writers of one record spread out.
const firstPause = 20 * time.Millisecond

// again does something that reads, decides and writes, and does it anew when
// somebody else wrote in between. What is decided must be decided inside do.
func (s *Services) again(ctx context.Context, do func() error) error {
	for tries := 0; ; tries++ {
		err := do()
		lost := image.Changed(err) || key.Changed(err)
		if err == nil || !lost || tries == retries || ctx.Err() != nil {
			return err
		}
		s.pause(rand.N(firstPause << tries))
	}
}

// pause waits as the domain waits.
func (s *Services) pause(d time.Duration) {
	if s.Images != nil {
		s.Images.Pause(d)
		return
	}
	time.Sleep(d)
}

// changeImage does something to the request's image that one rule allows, and
// answers without a body.
func (s *Services) changeImage(
	ctx context.Context, r *Request, rule policy.Rule, do func(policy.Grant, *image.Image) error,
) (*Response, error) {
	err := s.again(ctx, func() error {
		img, err := s.Images.Get(ctx, r.Caller, r.Params["image_id"])
		if err != nil {
			return err
		}
		grant, err := s.authorize(rule, r.Caller, img)
		if err != nil {
			return err
		}
		return do(grant, img)
	})
	if err != nil {
		return nil, err
	}
	return &Response{Status: http.StatusNoContent}, nil
}
