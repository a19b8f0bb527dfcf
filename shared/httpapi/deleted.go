package httpapi

import (
	"context"

	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
)

var (
	// ImageDeletedList lists the images that can be restored.
	ImageDeletedList = Operation{
		Name: "image-deleted-list", Methods: []string{"GET"}, Paths: []string{"/gander/v1/images/deleted"},
		Rules: []policy.Rule{policy.RestoreImage},
		Needs: Tokens | ReadTable | ReadItems | ListTable, Body: Ignored, Serve: imageDeletedList,
	}
	// ImageRestore brings a deleted image back.
	ImageRestore = Operation{
		Name: "image-restore", Methods: []string{"POST"}, Paths: []string{"/gander/v1/images/{image_id}/restore"},
		Rules: []policy.Rule{policy.RestoreImage},
		Needs: Tokens | ReadTable | WriteTable, Serve: imageRestore,
	}
)

func imageDeletedList(context.Context, *Services, *Request) (*Response, error) {
	return nil, problem.New(problem.Internal, "to be written")
}

func imageRestore(context.Context, *Services, *Request) (*Response, error) {
	return nil, problem.New(problem.Internal, "to be written")
}
