package httpapi

import (
	"context"

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

func imageTagAdd(context.Context, *Services, *Request) (*Response, error) {
	return nil, problem.New(problem.Internal, "to be written")
}

func imageTagDelete(context.Context, *Services, *Request) (*Response, error) {
	return nil, problem.New(problem.Internal, "to be written")
}
