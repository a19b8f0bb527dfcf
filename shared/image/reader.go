package image

import (
	"context"
	"strings"

	"github.com/gander-images/gander/shared/key"
)

// ReadsKey reports whether the project reads the key, which it does not own: the key
// was cloned for an image that names it, belongs to the key's owner, and is shared
// with the project now. That is told from the records themselves, read anew each time,
// so that nobody reads on who was a member once. It reads at most two items.
func (s *Service) ReadsKey(ctx context.Context, project string, r *key.Record) (bool, error) {
	if r == nil || r.Image == "" || project == "" {
		return false, nil
	}
	img, err := s.read(ctx, r.Image)
	if err != nil || img == nil || !lendsKey(img, r) {
		return false, err
	}
	return s.isMember(ctx, img, project)
}

// lendsKey reports whether members of the image read the key.
func lendsKey(img *Image, r *key.Record) bool {
	if !img.Status.Exists() || img.Visibility != Shared || r.Owner == "" || deref(img.Owner) != r.Owner {
		return false
	}
	_, names := namingOf(img).Keys[r.ID]
	return names && strings.EqualFold(img.ID, r.Image)
}
