package httpapi

import (
	"context"
	"net/http"

	"github.com/gander-images/gander/shared/image"
	"github.com/gander-images/gander/shared/policy"
)

// ImageUpdate changes one image.
var ImageUpdate = Operation{
	Name: "image-update", Methods: []string{"PATCH"}, Paths: []string{"/v2/images/{image_id}"},
	Rules: []policy.Rule{policy.ModifyImage, policy.PublicizeImage, policy.CommunitizeImage, policy.GetImage},
	Needs: Tokens | ReadTable | ReadItems | WriteTable, Body: JSONBody, Media: []string{patchV20, patchV21}, Properties: true, Serve: imageUpdate,
}

// imageUpdate applies a patch to an image, all of it or nothing, and shows the
// image as it is then.
//
// Source: glance/api/v2/images.py, ImagesController.update.
func imageUpdate(ctx context.Context, s *Services, r *Request) (*Response, error) {
	changes, err := readPatch(mediaType(r), r.JSON)
	if err != nil {
		return nil, err
	}
	protection := s.protection(r.Caller)
	var updated *image.Image
	err = s.again(ctx, func() error {
		img, err := s.Images.Get(ctx, r.Caller, r.Params["image_id"])
		if err != nil {
			return err
		}
		ask := func(rule policy.Rule) (policy.Grant, error) { return s.authorize(rule, r.Caller, img) }
		updated, err = s.Images.Update(ctx, ask, protection, r.Caller, img, changes)
		return err
	})
	if err != nil {
		return nil, err
	}
	return imageAnswer(http.StatusOK, seenBy(updated, r.Caller, protection)), nil
}
