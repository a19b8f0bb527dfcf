package image

import (
	"context"
	"slices"
	"unicode/utf8"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
)

// Create makes a queued image of the draft. add is the grant of add_image;
// publish that of publicize_image or communitize_image where the draft asks for
// such a visibility, and anything otherwise. protection says which custom
// properties the caller may give it.
//
// Errors: Forbidden for another project's image and for protected properties, Invalid and TooLarge for the
// draft's own faults, Conflict for an id that some image has or had.
//
// Source: glance/api/v2/images.py, ImagesController.create.
func (s *Service) Create(
	ctx context.Context, add, publish policy.Grant, protection Protection, c caller.Caller, d Draft,
) (*Image, error) {
	if err := add.Permits(policy.AddImage); err != nil {
		return nil, err
	}
	if err := permitsVisibility(publish, d.Visibility); err != nil {
		return nil, err
	}
	owner, err := ownerOf(d, c)
	if err != nil {
		return nil, err
	}
	if err := checkProtected(protection, d); err != nil {
		return nil, err
	}
	if err := s.checkDraft(d); err != nil {
		return nil, err
	}
	img := s.fromDraft(d, owner, c)
	if err := checkRoom(nil, img); err != nil {
		return nil, err
	}
	if err := s.save(ctx, nil, img); err != nil {
		return nil, err
	}
	return img, nil
}

func permitsVisibility(g policy.Grant, v Visibility) error {
	switch v {
	case Public:
		return g.Permits(policy.PublicizeImage)
	case Community:
		return g.Permits(policy.CommunitizeImage)
	}
	return nil
}

// ownerOf decides whose image it becomes: the caller's project's, unless an
// admin says otherwise. An empty owner is none.
//
// Source: glance/db/sqlalchemy/api.py, _image_update.
func ownerOf(d Draft, c caller.Caller) (*string, error) {
	own := c.ProjectID
	switch {
	case !d.OwnerSaid && own == "":
		return nil, nil
	case !d.OwnerSaid:
		return &own, nil
	case c.Admin && deref(d.Owner) == "":
		return nil, nil
	case c.Admin, d.Owner != nil && *d.Owner == own:
		return d.Owner, nil
	}
	return nil, problem.New(problem.Forbidden, "You are not permitted to create images owned by '%s'.", text(d.Owner))
}

func text(s *string) string {
	if s == nil {
		return "None"
	}
	return *s
}

// checkDraft holds the draft to the data model. The operation layer has looked
// at types and names; what is checked here holds for every way to make an image.
func (s *Service) checkDraft(d Draft) error {
	if d.ID != nil && !IsID(*d.ID) {
		return problem.New(problem.Invalid, "'%s' is not a valid image ID: it must be a UUID.", *d.ID)
	}
	for _, check := range []error{
		checkMinimum("min_disk", d.MinDisk), checkMinimum("min_ram", d.MinRAM),
		fits("name", text(d.Name)), fits("owner", text(d.Owner)),
		oneOf("container_format", d.ContainerFormat, ContainerFormats),
		oneOf("disk_format", d.DiskFormat, DiskFormats),
		s.checkProperties(d.Properties), s.checkTags(d.Tags),
	} {
		if check != nil {
			return check
		}
	}
	return nil
}

func checkMinimum(what string, n int64) error {
	if n < 0 || n > MaxMinimum {
		return problem.New(problem.Invalid, "%s must lie between 0 and %d.", what, MaxMinimum)
	}
	return nil
}

func fits(what, value string) error {
	if n := utf8.RuneCountInString(value); n > MaxNameLen {
		return problem.New(problem.Invalid, "%s is %d characters long; at most %d are allowed.", what, n, MaxNameLen)
	}
	return nil
}

func oneOf(what string, value *string, allowed []string) error {
	if value == nil || slices.Contains(allowed, *value) {
		return nil
	}
	return problem.New(problem.Invalid, "Invalid %s: '%s' is not one of %v.", what, *value, allowed)
}

func (s *Service) checkProperties(properties map[string]string) error {
	if err := s.checkPropertyCount(len(properties)); err != nil {
		return err
	}
	for key := range properties {
		if err := fits("A property's name", key); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) checkPropertyCount(n int) error {
	if s.Limits.Properties >= 0 && n > s.Limits.Properties {
		return problem.New(problem.TooLarge,
			"The limit has been exceeded on the number of allowed image properties. Attempted: %d, Maximum: %d", n, s.Limits.Properties)
	}
	return nil
}

// checkTags counts tags as given, before equal ones merge, as Glance does.
func (s *Service) checkTags(tags []string) error {
	if n := len(tags); s.Limits.Tags >= 0 && n > s.Limits.Tags {
		return problem.New(problem.TooLarge,
			"The limit has been exceeded on the number of allowed image tags. Attempted: %d, Maximum: %d", n, s.Limits.Tags)
	}
	for _, tag := range tags {
		if err := fits("A tag", tag); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) fromDraft(d Draft, owner *string, c caller.Caller) *Image {
	now := s.now()
	img := &Image{
		ID: s.NewID(), Name: d.Name, Status: Queued, Visibility: d.Visibility,
		Protected: d.Protected, Hidden: d.Hidden, Owner: owner,
		ContainerFormat: d.ContainerFormat, DiskFormat: d.DiskFormat,
		MinRAM: d.MinRAM, MinDisk: d.MinDisk, CreatedAt: now, UpdatedAt: now,
		Tags: tagSet(d.Tags), Properties: d.Properties,
		CreatorUserID: c.UserID, Writer: writerOf(c),
	}
	if d.ID != nil {
		img.ID = *d.ID
	}
	if img.Visibility == "" {
		img.Visibility = DefaultVisibility
	}
	return img
}

// tagSet sorts tags and merges equal ones.
func tagSet(tags []string) []string {
	set := slices.Clone(tags)
	slices.Sort(set)
	return slices.Compact(set)
}

func writerOf(c caller.Caller) Writer {
	return Writer{User: c.UserID, Project: c.ProjectID, Request: c.RequestID}
}
