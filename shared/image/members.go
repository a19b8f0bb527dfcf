package image

import (
	"context"
	"time"
	"unicode/utf8"

	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
	"github.com/gander-images/gander/shared/table"
)

// A MemberStatus says what a project makes of an image that was shared with it.
// It decides about lists alone: any member gets the image by its id.
type MemberStatus string

// The statuses of a member. Every row begins as Pending.
const (
	Pending  MemberStatus = "pending"
	Accepted MemberStatus = "accepted"
	Rejected MemberStatus = "rejected"
)

// A Member is one project that an image is shared with.
type Member struct {
	ID        string       `json:"member_id"` // the project
	ImageID   string       `json:"image_id"`
	Status    MemberStatus `json:"status"`
	CreatedAt time.Time    `json:"created_at"` // whole microseconds, UTC
	UpdatedAt time.Time    `json:"updated_at"`

	row memberRow
}

// CheckMemberID refuses what cannot be the id of a project. Whether there is such
// a project nobody asks.
//
// Source: glance/api/v2/image_members.py, RequestDeserializer.create; its column
// holds 255 characters.
func CheckMemberID(id string) error {
	switch {
	case id == "":
		return problem.New(problem.Invalid, "Member can't be empty")
	case !utf8.ValidString(id):
		return problem.New(problem.Invalid, "The member is not valid UTF-8.")
	}
	return fits("The member", id)
}

// HasMembers refuses member calls on an image that is not shared now, for its
// owner and for admins too. Its rows stay, and count again once it is shared.
//
// Source: glance/api/v2/image_members.py, _check_visibility_and_ownership.
func (img *Image) HasMembers() error {
	if img.Visibility == Shared {
		return nil
	}
	return problem.New(problem.Forbidden, "Only shared images have members, and image %s is not shared.", img.ID)
}

// permitsMembers is what all member calls ask of an image first.
func permitsMembers(g policy.Grant, rule policy.Rule, img *Image) error {
	if err := g.Permits(rule); err != nil {
		return err
	}
	return img.HasMembers()
}

// AddMember shares the image with a project, which need not exist: a pending row.
// The image itself stays as it is, its updated_at included. It takes one
// transaction, in which the rows are counted.
//
// Errors: Invalid for what is no project's id, Forbidden on an image that is not
// shared, TooLarge beyond the quota, Conflict for a project that has a row;
// Changed when the image is no longer as it was read.
//
// Source: glance/api/v2/image_members.py, create; glance/quota/__init__.py,
// _enforce_image_member_quota; glance/db/__init__.py, ImageMemberRepo.add.
func (s *Service) AddMember(ctx context.Context, g policy.Grant, img *Image, project string) (Member, error) {
	if err := permitsMembers(g, policy.AddMember, img); err != nil {
		return Member{}, err
	}
	m, put, err := s.newMember(img, project)
	if err != nil {
		return Member{}, err
	}
	next := img.clone()
	next.MemberCount++
	err = s.save(ctx, img, next, put, putMirror(img, m))
	if Changed(err) {
		return s.added(ctx, m, err)
	}
	return m, err
}

// newMember is the row of a project that the image is to be shared with.
func (s *Service) newMember(img *Image, project string) (Member, table.Write, error) {
	if err := CheckMemberID(project); err != nil {
		return Member{}, table.Write{}, err
	}
	if n := img.MemberCount + 1; s.Limits.Members >= 0 && n > s.Limits.Members {
		return Member{}, table.Write{}, problem.New(problem.TooLarge,
			"The limit has been exceeded on the number of allowed image members for this image. Attempted: %d, Maximum: %d", n, s.Limits.Members)
	}
	now := s.now()
	m := Member{ID: project, ImageID: img.ID, Status: Pending, CreatedAt: now, UpdatedAt: now, row: memberRow{change: s.NewID()}}
	put, err := m.put()
	return m, put, err
}

// added finds out why a row could not be added: because it is there. It may have
// come there by a try whose answer was lost, and the record been changed since.
func (s *Service) added(ctx context.Context, m Member, changed error) (Member, error) {
	now, err := s.readMember(ctx, m.ImageID, m.ID)
	switch {
	case err != nil:
		return Member{}, err
	case now == nil:
		return Member{}, changed
	case now.row.change == m.row.change:
		return *now, nil
	}
	return Member{}, problem.New(problem.Conflict, "Member %s is duplicated for image %s", m.ID, m.ImageID)
}

// SetMemberStatus says what the project of the row m, which was read before,
// makes of the image. Row and mirror change in one transaction with a save of the
// record, which stays as it is; with the status that it has, nothing is written.
//
// Errors: Invalid for an unknown status, Forbidden on an image that is not shared,
// Changed when image or row are no longer as they were read.
//
// Source: glance/api/v2/image_members.py, update; glance/domain/__init__.py,
// ImageMembership.status.
func (s *Service) SetMemberStatus(ctx context.Context, g policy.Grant, img *Image, m Member, status MemberStatus) (Member, error) {
	if err := permitsMembers(g, policy.ModifyMember, img); err != nil {
		return Member{}, err
	}
	switch status {
	case Pending, Accepted, Rejected:
	default:
		return Member{}, problem.New(problem.Invalid, `Status must be "pending", "accepted" or "rejected".`)
	}
	if status == m.Status {
		return m, nil
	}
	next := m
	next.Status, next.UpdatedAt, next.row.change = status, s.now(), s.NewID()
	put, err := next.put()
	if err != nil {
		return Member{}, err
	}
	err = s.save(ctx, img, img.clone(), put, removeMirror(img, m), putMirror(img, next))
	if !Changed(err) {
		return next, err
	}
	now, readErr := s.readMember(ctx, img.ID, m.ID)
	switch {
	case readErr != nil:
		return Member{}, readErr
	case now != nil && now.row.change == next.row.change:
		return next, nil // by a try whose answer was lost; the record was changed since
	}
	return Member{}, err
}

// RemoveMember ends the sharing with the project of the row m, which was read
// before. Where others removed it meanwhile, that is as good.
//
// Errors: Forbidden on an image that is not shared; Changed when image or row are
// no longer as they were read.
//
// Source: glance/api/v2/image_members.py, delete.
func (s *Service) RemoveMember(ctx context.Context, g policy.Grant, img *Image, m Member) error {
	if err := permitsMembers(g, policy.DeleteMember, img); err != nil {
		return err
	}
	next := img.clone()
	next.MemberCount--
	err := s.save(ctx, img, next, m.remove(), removeMirror(img, m))
	if !Changed(err) {
		return err
	}
	now, readErr := s.readMember(ctx, img.ID, m.ID)
	switch {
	case readErr != nil:
		return readErr
	case now == nil:
		return nil
	}
	return err
}
