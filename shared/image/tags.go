package image

import (
	"context"
	"slices"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
)

// AddTag gives the image a tag. One that it has already is saved again, and
// moves updated_at, as every change.
//
// Errors: Invalid for a tag that is too long, TooLarge for one too many,
// Changed when another request was first.
//
// Source: glance/api/v2/image_tags.py, Controller.update.
func (s *Service) AddTag(ctx context.Context, g policy.Grant, c caller.Caller, img *Image, tag string) error {
	if err := g.Permits(policy.ModifyImage); err != nil {
		return err
	}
	next := img.clone()
	next.Tags = tagSet(append(next.Tags, tag))
	if err := s.checkTags(next.Tags); err != nil {
		return err
	}
	return s.change(ctx, c, img, next)
}

// RemoveTag takes a tag from the image.
//
// Errors: NotFound without a text when the image does not have it, Changed when
// another request was first.
//
// Source: glance/api/v2/image_tags.py, Controller.delete.
func (s *Service) RemoveTag(ctx context.Context, g policy.Grant, c caller.Caller, img *Image, tag string) error {
	if err := g.Permits(policy.ModifyImage); err != nil {
		return err
	}
	at, has := slices.BinarySearch(img.Tags, tag)
	if !has {
		return problem.New(problem.NotFound, "")
	}
	next := img.clone()
	next.Tags = slices.Delete(next.Tags, at, at+1)
	return s.change(ctx, c, img, next)
}
