package image

import (
	"context"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
)

// Deactivate keeps everybody but admins from downloading an active image. One
// that is deactivated stays as it is.
//
// Errors: Forbidden in every other state, Changed when another request was
// first.
//
// Source: glance/api/v2/image_actions.py; glance/domain/__init__.py, Image.
func (s *Service) Deactivate(ctx context.Context, g policy.Grant, c caller.Caller, img *Image) error {
	if err := g.Permits(policy.Deactivate); err != nil {
		return err
	}
	return s.turn(ctx, c, img, Active, Deactivated)
}

// Reactivate allows downloads of a deactivated image again. One that is active
// stays as it is. Errors: those of Deactivate.
func (s *Service) Reactivate(ctx context.Context, g policy.Grant, c caller.Caller, img *Image) error {
	if err := g.Permits(policy.Reactivate); err != nil {
		return err
	}
	return s.turn(ctx, c, img, Deactivated, Active)
}

func (s *Service) turn(ctx context.Context, c caller.Caller, img *Image, from, to Status) error {
	switch img.Status {
	case to:
		return nil
	case from:
	default:
		return problem.New(problem.Forbidden, "An image that is %s cannot become %s.", img.Status, to)
	}
	if err := mayChange(img, c); err != nil {
		return err
	}
	next := img.clone()
	next.Status = to
	s.stamp(next, writerOf(c))
	return s.save(ctx, img, next)
}
