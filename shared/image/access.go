package image

import (
	"context"
	"fmt"
	"strings"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/problem"
	"github.com/gander-images/gander/shared/table"
)

// notFound is the answer to a lookup, the same for absent and invisible images.
//
// Source: glance/api/v2/images.py, show: NotFound of the repository.
func notFound(id string) error {
	return problem.New(problem.NotFound, "No image found with ID %s", id)
}

// Get returns the image with the id, in any letter case, if the caller may see
// it. It reads one item, and one more where a membership decides.
//
// Errors: problem.NotFound, the same for absent, deleted and invisible images.
func (s *Service) Get(ctx context.Context, c caller.Caller, id string) (*Image, error) {
	img, err := s.read(ctx, id)
	if err != nil {
		return nil, err
	}
	if img == nil || !img.Status.Exists() {
		return nil, notFound(id)
	}
	member := false
	if asksMembership(img, c) {
		if member, err = s.isMember(ctx, img, c.ProjectID); err != nil {
			return nil, err
		}
	}
	if !visible(img, c, member) {
		return nil, notFound(id)
	}
	return img, nil
}

// read returns the record with the id, whatever its state, or nil.
func (s *Service) read(ctx context.Context, id string) (*Image, error) {
	if !IsID(id) {
		return nil, nil // no image has such an id
	}
	items, err := s.Table.Get(ctx, Key(id))
	if err != nil {
		return nil, fmt.Errorf("reading image %s: %w", id, err)
	}
	if items[0] == nil {
		return nil, nil
	}
	return decode(items[0])
}

// IsID reports whether text has the form of an image id: 8-4-4-4-12 hexadecimal
// digits in any letter case.
//
// Source: glance/api/v2/images.py, get_base_properties, "id".
func IsID(text string) bool {
	if len(text) != 36 {
		return false
	}
	for i := range len(text) {
		switch i {
		case 8, 13, 18, 23:
			if text[i] != '-' {
				return false
			}
		default:
			if !strings.ContainsRune("0123456789abcdefABCDEF", rune(text[i])) {
				return false
			}
		}
	}
	return true
}

// visible says whether the caller sees the image; member tells whether there is
// a member row, of any status, for the caller's project.
//
// Source: glance/db/sqlalchemy/api.py, is_image_visible.
func visible(img *Image, c caller.Caller, member bool) bool {
	switch {
	case c.Admin, img.Owner == nil:
		return true
	case img.Visibility == Public, img.Visibility == Community:
		return true
	case owns(c, img):
		return true
	}
	return img.Visibility == Shared && member
}

// asksMembership reports whether visible depends on a member row.
func asksMembership(img *Image, c caller.Caller) bool {
	return c.ProjectID != "" && img.Visibility == Shared && !visible(img, c, false)
}

// owns reports whether the image belongs to the caller's project.
func owns(c caller.Caller, img *Image) bool {
	return c.ProjectID != "" && img.Owner != nil && *img.Owner == c.ProjectID
}

func memberKey(imageID, project string) table.Key {
	return table.Key{Partition: partition(imageID), Sort: memberPrefix + table.Text(project, maxProjectKey)}
}

// maxProjectKey is the room, in bytes, that a project's id gets in a key.
const maxProjectKey = 512

func (s *Service) isMember(ctx context.Context, img *Image, project string) (bool, error) {
	items, err := s.Table.Get(ctx, memberKey(img.ID, project))
	if err != nil {
		return false, fmt.Errorf("reading members of image %s: %w", img.ID, err)
	}
	return items[0] != nil, nil
}

// mayChange is the storage layer's own rule below policy: only an admin or the
// owner changes a record, whatever rules an operator writes.
//
// Source: glance/db/sqlalchemy/api.py, is_image_mutable.
func mayChange(img *Image, c caller.Caller) error {
	if c.Admin || owns(c, img) {
		return nil
	}
	return problem.New(problem.Forbidden, "You do not own this image")
}
