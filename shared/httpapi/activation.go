package httpapi

import (
	"context"

	"github.com/gander-images/gander/shared/image"
	"github.com/gander-images/gander/shared/policy"
)

var (
	// ImageDeactivate forbids downloads of an image.
	ImageDeactivate = Operation{
		Name: "image-deactivate", Methods: []string{"POST"}, Paths: []string{"/v2/images/{image_id}/actions/deactivate"},
		Rules: []policy.Rule{policy.Deactivate, policy.GetImage},
		Needs: Tokens | ReadTable | WriteTable, Serve: imageDeactivate,
	}
	// ImageReactivate allows downloads of an image again.
	ImageReactivate = Operation{
		Name: "image-reactivate", Methods: []string{"POST"}, Paths: []string{"/v2/images/{image_id}/actions/reactivate"},
		Rules: []policy.Rule{policy.Reactivate, policy.GetImage},
		Needs: Tokens | ReadTable | WriteTable, Serve: imageReactivate,
	}
)

// imageDeactivate keeps everybody but admins from the data of an active image.
//
// Source: glance/api/v2/image_actions.py, ImageActionsController.deactivate.
func imageDeactivate(ctx context.Context, s *Services, r *Request) (*Response, error) {
	return s.changeImage(ctx, r, policy.Deactivate, func(grant policy.Grant, img *image.Image) error {
		return s.Images.Deactivate(ctx, grant, r.Caller, img)
	})
}

// imageReactivate gives the data of a deactivated image back to callers.
//
// Source: glance/api/v2/image_actions.py, ImageActionsController.reactivate.
func imageReactivate(ctx context.Context, s *Services, r *Request) (*Response, error) {
	return s.changeImage(ctx, r, policy.Reactivate, func(grant policy.Grant, img *image.Image) error {
		return s.Images.Reactivate(ctx, grant, r.Caller, img)
	})
}
