package httpapi

import (
	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/image"
)

// protection is what the caller may do with custom properties; nil: everything.
// It is good for one request.
func (s *Services) protection(c caller.Caller) image.Protection {
	if s.Protect == nil {
		return nil
	}
	return s.Protect.For(c, s.Policy, s.Log)
}

// seen returns an image as the caller is shown it, by whatever call.
func (s *Services) seen(img *image.Image, c caller.Caller) *image.Image {
	return seenBy(img, c, s.protection(c))
}

// seenBy is seen, for whoever shows one caller several images. Where the bytes of
// a deactivated one are, only admins are told.
//
// Source: glance/db/sqlalchemy/api.py, _normalize_locations.
func seenBy(img *image.Image, c caller.Caller, p image.Protection) *image.Image {
	img = img.SeenThrough(p)
	if img.Status != image.Deactivated || c.Admin {
		return img
	}
	shown := *img
	shown.Locations = nil
	return &shown
}
