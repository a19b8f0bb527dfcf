package image

import (
	"context"
	"errors"
	"io"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/policy"
)

var errSoon = errors.New("soon")

func (s *Service) Create(ctx context.Context, add, publish policy.Grant, c caller.Caller, d Draft) (*Image, error) {
	return nil, errSoon
}
func (s *Service) Get(ctx context.Context, c caller.Caller, id string) (*Image, error) {
	return nil, errSoon
}
func (s *Service) Delete(ctx context.Context, g policy.Grant, c caller.Caller, img *Image) error {
	return errSoon
}
func (s *Service) Upload(ctx context.Context, g policy.Grant, c caller.Caller, img *Image, r UploadRequest) error {
	return errSoon
}
func (s *Service) Download(ctx context.Context, g policy.Grant, img *Image, offset, length int64) (io.ReadCloser, error) {
	return nil, errSoon
}
