package image

import (
	"context"
	"time"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
	"github.com/gander-images/gander/shared/table"
)

// Find returns the image with the id, in any letter case, whoever asks and
// whatever its state; nil where there never was one. What it returns is nobody's
// to see before policy has spoken.
func (s *Service) Find(ctx context.Context, id string) (*Image, error) { return s.read(ctx, id) }

// Restore brings a deleted image back with everything it had, and returns it. img
// is what Find returned for the id, and g the grant of restore_image on it. An
// image whose bytes were on their way when it was deleted comes back without any.
//
// A purge of the same image is under the same condition, so one of them wins.
//
// Errors: NotFound for an image that never was, whose time to be restored is
// over, or that is purged; Conflict for one that is not deleted, or whose store
// is gone; Changed when it is no longer as img was read.
func (s *Service) Restore(ctx context.Context, g policy.Grant, c caller.Caller, id string, img *Image) (*Image, error) {
	if err := g.Permits(policy.RestoreImage); err != nil {
		return nil, err
	}
	if err := s.checkRestore(id, img); err != nil {
		return nil, err
	}
	next := img.clone()
	s.stamp(next, writerOf(c))
	next.Status, next.Deletion = img.Deletion.Was, nil
	var left []table.Write
	if hadNotSettled(next.Status) {
		left = s.emptied(next)
	}
	if err := s.save(ctx, img, next, left...); err != nil {
		return nil, err
	}
	return next, nil
}

func (s *Service) checkRestore(id string, img *Image) error {
	switch {
	case img != nil && img.Status.Exists():
		return problem.New(problem.Conflict, "Image %s is not deleted.", id)
	case img == nil || !restorable(img, s.now()):
		return notFound(id)
	}
	for _, l := range img.Locations {
		if _, err := s.store(l.Store); err != nil {
			return problem.Because(err, problem.Conflict, "Image %s cannot be restored: the store '%s', which has its data, is gone.", id, l.Store)
		}
	}
	return nil
}

// restorable reports whether the image is deleted and can still come back at now.
func restorable(img *Image, now time.Time) bool {
	return img.Status == Deleted && img.Deletion != nil && img.Deletion.PurgeAt.After(now)
}

// hadNotSettled reports whether data was on its way to an image in the state.
func hadNotSettled(was Status) bool {
	return was == Saving || was == Uploading || was == Importing
}

// emptied makes img a queued image without data, and returns the writes that see
// to what there was of it.
func (s *Service) emptied(img *Image) []table.Write {
	var writes []table.Write
	for _, l := range img.Locations {
		writes = append(writes, partsEntry(s.now(), place{Image: img.ID, Store: l.Store, Name: l.Name}).Put())
	}
	img.Status, img.Locations = Queued, nil
	img.Size, img.VirtualSize = nil, nil
	img.Checksum, img.HashAlgo, img.HashValue = nil, nil, nil
	return writes
}
