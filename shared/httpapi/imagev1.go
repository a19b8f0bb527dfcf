package httpapi

import (
	"context"
	"errors"

	"github.com/gander-images/gander/shared/policy"
)

// ImageV1Show serves the bytes of an image, or its description alone, in the form
// of the Image API v1: everything about the image stands in headers.
var ImageV1Show = Operation{
	Name: "image-v1-show", Methods: []string{"GET", "HEAD"}, Paths: []string{"/v1/images/{image_id}"},
	Rules: []policy.Rule{policy.GetImage, policy.DownloadImage},
	Needs: Tokens | ReadTable | ReadBytes, Body: Ignored, Unlisted: true, Serve: imageV1Show,
}

func imageV1Show(context.Context, *Services, *Request) (*Response, error) {
	return nil, errors.New("to be written")
}
