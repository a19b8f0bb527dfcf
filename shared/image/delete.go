package image

import (
	"context"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
	"github.com/gander-images/gander/shared/table"
)

// Delete takes the image out of every ordinary call. Its record and its bytes
// stay for the retention time, so that it can be restored; then purge removes
// them. A running upload loses its lease.
//
// Errors: Forbidden when the image is protected, for an admin too; Changed when
// it is no longer as img was read.
//
// Source: glance/api/v2/images.py, ImagesController.delete.
func (s *Service) Delete(ctx context.Context, g policy.Grant, c caller.Caller, img *Image) error {
	if err := g.Permits(policy.DeleteImage); err != nil {
		return err
	}
	if err := mayChange(img, c); err != nil {
		return err
	}
	if img.Protected {
		return problem.New(problem.Forbidden, "Image %s is protected and cannot be deleted.", img.ID)
	}
	next := img.clone()
	s.stamp(next, writerOf(c))
	next.Status = Deleted
	next.Upload = ""
	next.Deletion = &Deletion{At: next.UpdatedAt, PurgeAt: next.UpdatedAt.Add(s.Retention), Was: img.Status}
	extra, err := s.endUpload(ctx, img)
	if err != nil {
		return err
	}
	return s.save(ctx, img, next, extra...)
}

// endUpload returns the writes that take the lease from an upload of img that
// still runs, and see to its parts once its worker must have noticed.
func (s *Service) endUpload(ctx context.Context, img *Image) ([]table.Write, error) {
	if img.Upload == "" {
		return nil, nil
	}
	l, err := s.readLease(ctx, img.ID, img.Upload)
	if err != nil {
		return nil, err
	}
	if l == nil {
		return nil, errChanged // the upload ended meanwhile
	}
	parts := partsEntry(s.now().Add(s.Lease), l.place())
	return []table.Write{l.remove(), l.entry().Settle(), parts.Put()}, nil
}
