package image

import (
	"context"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/key"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
	"github.com/gander-images/gander/shared/table"
)

// A SnapshotKind says what a snapshot is for.
type SnapshotKind string

// The kinds. They are what the property image_type says.
const (
	Plain   SnapshotKind = "snapshot"
	Backup  SnapshotKind = "backup"
	Shelved SnapshotKind = "shelve"
)

// A SnapshotDraft is what a caller says of a snapshot.
type SnapshotDraft struct {
	Source     *Image // whose properties and keys it inherits, as Get returned it; nil: nothing
	Instance   string // id of the server
	Project    string // the server's
	Name       string
	Kind       SnapshotKind
	BackupType string // of a backup
	Properties map[string]string
}

// SnapshotRights are what it takes to make a snapshot.
type SnapshotRights struct {
	Snapshot policy.Grant // of snapshot_image
	Add      policy.Grant // of add_image
	Get      policy.Grant // of get_image on the source; any other where there is none

	// Decrypt asks for secret:decrypt on a key that the source names. Of a key that is
	// not known there is no record: r is nil.
	Decrypt func(ctx context.Context, r *key.Record) (policy.Grant, error)
}

func (r SnapshotRights) check(source *Image) error {
	if err := r.Snapshot.Permits(policy.SnapshotImage); err != nil {
		return err
	}
	if err := r.Add.Permits(policy.AddImage); err != nil {
		return err
	}
	if source == nil {
		return nil
	}
	return r.Get.Permits(policy.GetImage)
}

// Snapshot makes the queued image of a snapshot. The image belongs to the caller's
// project; where the server's is another, it is shared with that one. Each key that the
// source names is cloned, so that no image's end takes the other's key with it.
//
// The clones' records come first, then their secrets; then one transaction has all the
// rest, on condition that the source and its keys are as they were read. Refused
// anywhere, nothing is left but clones on their way out.
//
// Errors: Invalid for the draft's own faults; Forbidden for a property that the caller
// may not make, and as rights.Decrypt answers; Conflict for a source that is not
// active, and for a key of it that is not live; TooLarge beyond a limit; Changed when
// the source is no longer as it was read.
func (s *Service) Snapshot(
	ctx context.Context, rights SnapshotRights, protection Protection, c caller.Caller, d SnapshotDraft,
) (*Image, error) {
	if err := rights.check(d.Source); err != nil {
		return nil, err
	}
	if err := d.Check(); err != nil {
		return nil, err
	}
	sources := s.sourceKeys(d)
	img, err := s.fromSnapshot(d, protection, sources.names(), c)
	if err != nil {
		return nil, err
	}
	shared, err := s.shareSnapshot(img, d)
	if err != nil {
		return nil, err
	}
	if d.Source != nil && !gives(d.Source, c) {
		return nil, problem.New(problem.Conflict, "Image %s is %s; a snapshot is made of an active image.", d.Source.ID, d.Source.Status)
	}
	if err := s.cloneKeys(ctx, rights, sources, img); err != nil {
		return nil, err
	}
	if err := s.saveSnapshot(ctx, rights, d, sources, img, shared); err != nil {
		s.abandon(ctx, sources)
		return nil, err
	}
	return img, nil
}

// Visibility is what the caller's snapshot gets: it is shared where the server is
// another project's.
func (d SnapshotDraft) Visibility(c caller.Caller) Visibility {
	if d.Project == c.ProjectID {
		return Private
	}
	return Shared
}

// Check holds the draft to what a snapshot is.
//
// Errors: Invalid.
func (d SnapshotDraft) Check() error {
	switch d.Kind {
	case Plain, Backup, Shelved:
	default:
		return problem.New(problem.Invalid, "'%s' is no kind of snapshot: it must be one of snapshot, backup and shelve.", d.Kind)
	}
	switch {
	case d.Project == "":
		return problem.New(problem.Invalid, "The project of the instance must not be empty.")
	case !IsID(d.Instance):
		return problem.New(problem.Invalid, "'%s' is not the id of an instance: it must be a UUID.", d.Instance)
	case d.Kind == Backup && d.BackupType == "":
		return problem.New(problem.Invalid, "A backup needs a backup_type.")
	case d.Kind != Backup && d.BackupType != "":
		return problem.New(problem.Invalid, "A backup_type is for a backup alone.")
	}
	if err := CheckMemberID(d.Project); err != nil {
		return err
	}
	return fits("name", d.Name)
}

// fromSnapshot is the image as it is to be.
func (s *Service) fromSnapshot(d SnapshotDraft, p Protection, keys map[string]string, c caller.Caller) (*Image, error) {
	properties, err := s.properties(d, p, keys, c.UserID)
	if err != nil {
		return nil, err
	}
	draft := Draft{Name: &d.Name, Visibility: d.Visibility(c), Properties: properties}
	draft.DiskFormat, draft.ContainerFormat = d.formats()
	if d.Source != nil {
		draft.MinRAM, draft.MinDisk = d.Source.MinRAM, d.Source.MinDisk
	}
	if err := s.checkProperties(properties); err != nil {
		return nil, err
	}
	owner, err := ownerOf(draft, c)
	if err != nil {
		return nil, err
	}
	img := s.fromDraft(draft, owner, c)
	return img, checkRoom(nil, img)
}

// shareSnapshot makes the server's project a pending member where it is not the
// image's own.
func (s *Service) shareSnapshot(img *Image, d SnapshotDraft) ([]table.Write, error) {
	if img.Visibility != Shared {
		return nil, nil
	}
	m, put, err := s.newMember(img, d.Project)
	if err != nil {
		return nil, err
	}
	img.MemberCount++
	return []table.Write{put, putMirror(img, m)}, nil
}

// gives reports whether snapshots may be made of the image: of one that is active, and
// by an admin, who may download it, of one that is deactivated.
func gives(img *Image, c caller.Caller) bool {
	return img.Status == Active || img.Status == Deactivated && c.Admin
}
