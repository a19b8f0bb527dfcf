package httpapi

import (
	"context"

	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
)

var (
	// ImageUpdate changes one image.
	ImageUpdate = Operation{
		Name: "image-update", Methods: []string{"PATCH"}, Paths: []string{"/v2/images/{image_id}"},
		Rules: []policy.Rule{policy.ModifyImage, policy.PublicizeImage, policy.CommunitizeImage, policy.GetImage},
		Needs: Tokens | ReadTable | WriteTable, Body: JSONBody, Serve: imageUpdate,
	}
)

func imageUpdate(context.Context, *Services, *Request) (*Response, error) {
	return nil, problem.New(problem.Internal, "to be written")
}
