package httpapi

import (
	"context"
	"net/http"

	"github.com/gander-images/gander/shared/image"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
)

// ImageV1Show serves the bytes of an image, or its description alone, in the form
// of the Image API v1: everything about the image stands in headers.
var ImageV1Show = Operation{
	Name: "image-v1-show", Methods: []string{"GET", "HEAD"}, Paths: []string{"/v1/images/{image_id}"},
	Rules: []policy.Rule{policy.GetImage, policy.DownloadImage},
	Needs: Tokens | ReadTable | ReadBytes, Body: Ignored, Unlisted: true, Properties: true, Serve: imageV1Show,
}

// imageV1Show describes an image in headers, and with GET gives its data, whole: a
// Range is not looked at, as in v1.
//
// Source: glance/api/v1/images.py of the releases that had it, Controller.meta and
// show, ImageSerializer.
func imageV1Show(ctx context.Context, s *Services, r *Request) (*Response, error) {
	img, err := s.Images.Get(ctx, r.Caller, r.Params["image_id"])
	if err != nil {
		return nil, err
	}
	if _, err := s.authorize(policy.GetImage, r.Caller, img); err != nil {
		return nil, err
	}
	header := s.headersV1(s.seen(img, r.Caller))
	if r.Method == http.MethodHead {
		return &Response{Status: http.StatusOK, Header: header, Length: lengthV1(img)}, nil
	}
	grant, err := s.authorizeV1(r, img)
	if err != nil {
		return nil, err
	}
	elsewhere, err := s.elsewhere(ctx, grant, img)
	if err != nil {
		return nil, err
	}
	if elsewhere != nil {
		header["Location"] = elsewhere.Header["Location"]
		elsewhere.Header = header
		return elsewhere, nil
	}
	stream, err := s.Images.Download(ctx, grant, img, 0, *img.Size)
	if err != nil {
		return nil, err
	}
	header["Content-Type"] = []string{octetStream}
	if img.Checksum != nil {
		header["Content-Md5"] = []string{*img.Checksum}
	}
	return &Response{Status: http.StatusOK, Header: header, Stream: stream, Length: *img.Size}, nil
}

// authorizeV1 asks for an image's data. Other than in v2, a deactivated image
// keeps its data from admins, too, and one without data is not found.
//
// Source: glance/api/v1/controller.py, get_active_image_meta_or_error.
func (s *Services) authorizeV1(r *Request, img *image.Image) (policy.Grant, error) {
	switch {
	case img.Status == image.Deactivated:
		return policy.Grant{}, problem.New(problem.Forbidden, "The image is deactivated; its data cannot be downloaded.")
	case img.Status != image.Active || !img.HasData():
		return policy.Grant{}, problem.New(problem.NotFound, "The image %s is not active; it has no data to download.", img.ID)
	}
	return s.authorize(policy.DownloadImage, r.Caller, img)
}

// lengthV1 is the length that the answer to a GET would have.
func lengthV1(img *image.Image) int64 {
	if img.Status != image.Active || !img.HasData() {
		return unknownLength
	}
	return *img.Size
}
