package image

import (
	"context"
	"errors"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/problem"
	"github.com/gander-images/gander/shared/table"
)

// beginUpload takes the lease and moves the image from queued to saving. Where it
// is unknown whether that happened, it returns both the upload and the error.
func (s *Service) beginUpload(ctx context.Context, c caller.Caller, img *Image, r UploadRequest) (*upload, error) {
	store, err := s.uploadStore(r.Store)
	if err != nil {
		return nil, err
	}
	next := img.clone()
	s.stamp(next, writerOf(c))
	next.Status = Saving
	next.Upload = s.NewID()
	now := next.UpdatedAt
	l := &lease{
		Image: img.ID, Upload: next.Upload, Store: store.ID, Owner: ownerText(img), Writer: next.Writer,
		Started: now, Deadline: now.Add(s.Lease), Due: now.Add(s.Lease),
	}
	err = s.save(ctx, img, next, l.put(), l.entry().Put())
	if err != nil && !errors.Is(err, table.ErrUnknown) {
		return nil, err
	}
	l.revision = 1
	return &upload{
		service: s, store: store, place: l.place(), lease: l, ended: make(chan struct{}),
		log: s.Log.With("image", img.ID, "upload", l.Upload, "request_id", c.RequestID),
	}, err
}

// withdraw takes back a beginning that may have happened, before any bytes, so
// that the image need not wait for the lease to end. What cannot be taken back
// now, does wait.
func (u *upload) withdraw(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	for {
		img, l, err := u.service.readWithLease(ctx, u.place.Image, u.lease.Upload)
		if err == nil && l != nil {
			err = u.service.revert(ctx, img, l, "The upload could not be begun.")
		}
		if Changed(err) {
			continue
		}
		if err != nil {
			u.log.ErrorContext(ctx, "an upload that may have begun is left to its lease", "error", err)
		}
		return
	}
}

// uploadStore returns the store that was asked for, or the default.
//
// Source: glance/api/v2/image_data.py: an unknown store is 400, one that takes
// no data is 410.
func (s *Service) uploadStore(id string) (*Store, error) {
	if id == "" {
		return &s.Stores[0], nil
	}
	store, err := s.store(id)
	if err != nil {
		return nil, problem.New(problem.Invalid, "There is no image store named '%s'.", id)
	}
	if store.ReadOnly {
		return nil, problem.New(problem.Gone, "The image store '%s' takes no new data.", id)
	}
	return store, nil
}

func ownerText(img *Image) string {
	if img.Owner == nil {
		return ""
	}
	return *img.Owner
}
