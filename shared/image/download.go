package image

import (
	"context"
	"io"

	"github.com/gander-images/gander/shared/blob"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
)

// Download opens length bytes of the image's data from offset on. The image has
// data (HasData), and the range lies inside it.
//
// Errors: the store's, where none of the copies can be read.
func (s *Service) Download(ctx context.Context, g policy.Grant, img *Image, offset, length int64) (io.ReadCloser, error) {
	if err := g.Permits(policy.DownloadImage); err != nil {
		return nil, err
	}
	var last error
	for _, l := range img.Locations {
		body, err := s.open(ctx, l, offset, length)
		if err == nil {
			return body, nil
		}
		last = err
	}
	if problem.Is(last, problem.NotFound) {
		// A record that names bytes which are gone is our fault, not a wrong id.
		last = problem.Because(last, problem.Internal, "image %s has lost its data", img.ID)
	}
	return nil, last
}

// DownloadURL returns an absolute URL that gives the image's data, whole or by a
// Range header, to whoever has it, for blob.MaxPresign; ok is false where none
// of its stores has such URLs. The image has data (HasData). The URL is a secret
// and belongs into no log.
func (s *Service) DownloadURL(ctx context.Context, g policy.Grant, img *Image) (url string, ok bool, err error) {
	if err := g.Permits(policy.DownloadImage); err != nil {
		return "", false, err
	}
	for _, l := range img.Locations {
		store, err := s.store(l.Store)
		if err != nil {
			return "", false, err
		}
		if signs, can := store.Blobs.(blob.Presigner); can {
			url, err := signs.Presign(ctx, l.Name, l.Version, blob.MaxPresign)
			return url, err == nil, err
		}
	}
	return "", false, nil
}

func (s *Service) open(ctx context.Context, l Location, offset, length int64) (io.ReadCloser, error) {
	store, err := s.store(l.Store)
	if err != nil {
		return nil, err
	}
	return store.Blobs.Open(ctx, l.Name, l.Version, offset, length)
}

// HasData reports whether the image has bytes to give, be they none.
func (img *Image) HasData() bool { return len(img.Locations) > 0 && img.Size != nil }
