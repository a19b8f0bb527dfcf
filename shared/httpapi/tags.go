package httpapi

import (
	"context"
	"unicode/utf8"

	"github.com/gander-images/gander/shared/image"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
)

var (
	// ImageTagAdd adds a tag to an image.
	ImageTagAdd = Operation{
		Name: "image-tag-add", Methods: []string{"PUT"}, Paths: []string{"/v2/images/{image_id}/tags/{tag_value}"},
		Rules: []policy.Rule{policy.ModifyImage, policy.GetImage},
		Needs: Tokens | ReadTable | WriteTable, Serve: imageTagAdd,
	}
	// ImageTagDelete removes a tag from an image.
	ImageTagDelete = Operation{
		Name: "image-tag-delete", Methods: []string{"DELETE"}, Paths: []string{"/v2/images/{image_id}/tags/{tag_value}"},
		Rules: []policy.Rule{policy.ModifyImage, policy.GetImage},
		Needs: Tokens | ReadTable | WriteTable, Serve: imageTagDelete,
	}
)

// imageTagAdd gives an image a tag, which it may have already.
//
// Source: glance/api/v2/image_tags.py, RequestDeserializer.update and
// Controller.update.
func imageTagAdd(ctx context.Context, s *Services, r *Request) (*Response, error) {
	tag := r.Params["tag_value"]
	if utf8.RuneCountInString(tag) > image.MaxNameLen {
		return nil, problem.New(problem.Invalid, "A tag has at most %d characters.", image.MaxNameLen)
	}
	return s.changeImage(ctx, r, policy.ModifyImage, func(grant policy.Grant, img *image.Image) error {
		return s.Images.AddTag(ctx, grant, r.Caller, img, tag)
	})
}

// imageTagDelete takes a tag from an image.
//
// Source: glance/api/v2/image_tags.py, Controller.delete.
func imageTagDelete(ctx context.Context, s *Services, r *Request) (*Response, error) {
	return s.changeImage(ctx, r, policy.ModifyImage, func(grant policy.Grant, img *image.Image) error {
		return s.Images.RemoveTag(ctx, grant, r.Caller, img, r.Params["tag_value"])
	})
}
