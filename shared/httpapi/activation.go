package httpapi

import (
	"context"

	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
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

func imageDeactivate(context.Context, *Services, *Request) (*Response, error) {
	return nil, problem.New(problem.Internal, "to be written")
}

func imageReactivate(context.Context, *Services, *Request) (*Response, error) {
	return nil, problem.New(problem.Internal, "to be written")
}
