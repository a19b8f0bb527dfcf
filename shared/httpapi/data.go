package httpapi

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/gander-images/gander/shared/image"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
)

const octetStream = "application/octet-stream"

// imageDataUpload takes the bytes of a queued image.
//
// Source: glance/api/v2/image_data.py, RequestDeserializer.upload and
// ImageDataController.upload.
func imageDataUpload(ctx context.Context, s *Services, r *Request) (*Response, error) {
	upload, err := s.readUpload(r)
	if err != nil {
		return nil, err
	}
	leave, err := s.admitUpload()
	if err != nil {
		return nil, err
	}
	defer leave()
	body := &countedBody{Reader: r.Body}
	upload.Body = body
	err = s.again(ctx, func() error {
		img, err := s.Images.Get(ctx, r.Caller, r.Params["image_id"])
		if err != nil {
			return err
		}
		grant, err := s.authorize(policy.UploadImage, r.Caller, img)
		if err != nil {
			return err
		}
		err = s.Images.Upload(ctx, grant, r.Caller, img, upload)
		if image.Changed(err) && body.begun {
			// The bytes are gone; another try would store an image without them.
			return problem.Because(errors.Unwrap(err), problem.Conflict, "The image was changed by another request during the upload.")
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &Response{Status: http.StatusNoContent}, nil
}

// admitUpload takes a place for an upload, whose memory is then counted on, and
// returns what gives the place back.
func (s *Services) admitUpload() (leave func(), err error) {
	if s.UploadPlaces == nil {
		return func() {}, nil
	}
	select {
	case s.UploadPlaces <- struct{}{}:
		return func() { <-s.UploadPlaces }, nil
	default:
		full := problem.New(problem.Unavailable, "As many uploads run here as there is memory for. Try again.")
		return nil, withHeader(full, "Retry-After", "5")
	}
}

// A countedBody knows whether anybody has begun to read it.
type countedBody struct {
	io.Reader
	begun bool
}

// Read implements io.Reader.
func (b *countedBody) Read(p []byte) (int, error) {
	b.begun = true
	return b.Reader.Read(p)
}

// readUpload reads what the headers say of the bytes.
func (s *Services) readUpload(r *Request) (image.UploadRequest, error) {
	var upload image.UploadRequest
	var err error
	if upload.Size, upload.Exact, err = declaredSize(r); err != nil {
		return upload, err
	}
	if chosen, ok := r.Header["X-Image-Meta-Store"]; ok {
		upload.Store = chosen[0]
		known := func(store image.Store) bool { return store.ID == upload.Store && shown(store) }
		if !slices.ContainsFunc(s.stores(), known) {
			return upload, problem.New(problem.Invalid, "There is no image store of the name in X-Image-Meta-Store.")
		}
	}
	return upload, nil
}

// declaredSize is how many bytes the client says it sends. Its own header
// outweighs Content-Length, and binds it.
func declaredSize(r *Request) (size *int64, exact bool, err error) {
	said, ok := r.Header["X-Openstack-Image-Size"]
	if !ok {
		if r.ContentLength < 0 {
			return nil, false, nil
		}
		return &r.ContentLength, false, nil
	}
	n, err := strconv.ParseInt(strings.TrimSpace(said[0]), 10, 64)
	if errors.Is(err, strconv.ErrRange) && n > 0 {
		return nil, false, problem.New(problem.TooLarge, "No image can be as large as x-openstack-image-size says.")
	}
	if err != nil || n < 0 {
		return nil, false, problem.New(problem.Invalid, "The header x-openstack-image-size must be a number of bytes.")
	}
	return &n, true, nil
}

// imageDataDownload gives an image's bytes, or a range of them.
//
// Source: glance/api/v2/image_data.py, ImageDataController.download and
// ResponseSerializer.download.
func imageDataDownload(ctx context.Context, s *Services, r *Request) (*Response, error) {
	img, err := s.Images.Get(ctx, r.Caller, r.Params["image_id"])
	if err != nil {
		return nil, err
	}
	if img.Status == image.Deactivated && !r.Caller.Admin {
		return nil, problem.New(problem.Forbidden, "The image is deactivated; its data cannot be downloaded.")
	}
	grant, err := s.authorize(policy.DownloadImage, r.Caller, img)
	if err != nil {
		return nil, err
	}
	if !img.HasData() {
		return &Response{Status: http.StatusNoContent}, nil
	}
	part, err := requestedRange(r.Header, *img.Size)
	if err != nil {
		return nil, err
	}
	if storesRead(r.Header) {
		if elsewhere, err := s.elsewhere(ctx, grant, img); elsewhere != nil || err != nil {
			return elsewhere, err
		}
	}
	stream, err := s.Images.Download(ctx, grant, img, part.offset, part.length)
	if err != nil {
		return nil, err
	}
	header := http.Header{"Content-Type": {octetStream}}
	if img.Checksum != nil {
		header["Content-Md5"] = []string{*img.Checksum}
	}
	status := http.StatusOK
	if part.partial {
		status = http.StatusPartialContent
		header["Content-Range"] = []string{part.contentRange(*img.Size)}
	}
	return &Response{Status: status, Header: header, Stream: stream, Length: part.length}, nil
}

// elsewhere sends the caller to a URL of the store for the image's data, where
// downloads are redirected and there is one; otherwise it is nil.
func (s *Services) elsewhere(ctx context.Context, grant policy.Grant, img *image.Image) (*Response, error) {
	if !s.Redirect || *img.Size == 0 {
		return nil, nil
	}
	url, ok, err := s.Images.DownloadURL(ctx, grant, img)
	if err != nil || !ok {
		return nil, err
	}
	return redirect(http.StatusFound, url), nil
}
