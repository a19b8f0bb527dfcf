package image

import (
	"context"

	"github.com/gander-images/gander/shared/key"
	"github.com/gander-images/gander/shared/table"
)

// keyWrites counts the image at the keys that it names: from when it names one until
// it is purged, or names it no more. A deleted image that can be restored still holds
// its keys.
func keyWrites(ctx context.Context, s *Service, before, after *Image) ([]table.Write, error) {
	if s.Keys == nil {
		return nil, nil
	}
	writes, decided, err := s.Keys.Name(ctx, key.Change{
		Before:  namingOf(before),
		After:   namingOf(after),
		Purged:  after.Status == Purging,
		Returns: before != nil && before.Status == Deleted && after.Status.Exists(),
		Adopts:  after.adopts,
	})
	after.decided = decided
	return writes, err
}

// namingOf is what the image says about keys; nothing once its purge has begun.
func namingOf(img *Image) key.Naming {
	if img == nil || img.Status == Purging || img.Status == Purged {
		return key.Naming{}
	}
	return key.NamingOf(img.ID, deref(img.Owner), img.Properties)
}

// decided tells what a save that has happened decided about keys.
func (s *Service) decided(img *Image) {
	if s.Keys != nil {
		s.Keys.LogDecisions(img.decided...)
	}
	img.adopts, img.decided = nil, nil
}
