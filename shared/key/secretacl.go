package key

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/policy"
)

// An ACL says who else may read a secret, and whether its project may.
//
// Source: Barbican API Reference, "ACL".
type ACL struct {
	Users         []string  `json:"users"` // ids
	ProjectAccess bool      `json:"project_access"`
	Created       time.Time `json:"created"`
	Updated       time.Time `json:"updated"`
}

// An ACLChange is what a request says of an ACL; nil is what it does not speak of.
type ACLChange struct {
	Users         *[]string
	ProjectAccess *bool
}

// SetACL puts an ACL in place of the secret's, or, where it merges, changes the one
// that there is. What is never said is: nobody else, and the project may.
//
// Errors: Changed when the secret is not as it was read.
func (s *Service) SetACL(ctx context.Context, g policy.Grant, secret *Secret, c ACLChange, merges bool) error {
	next := ACL{ProjectAccess: true, Created: s.now(), Updated: s.now()}
	if old := secret.Metadata.ACL; old != nil {
		next.Created = old.Created
		if merges {
			next.Users, next.ProjectAccess = old.Users, old.ProjectAccess
		}
	}
	if c.Users != nil {
		next.Users = slices.Clone(*c.Users)
		slices.Sort(next.Users)
		next.Users = slices.Compact(next.Users)
	}
	if c.ProjectAccess != nil {
		next.ProjectAccess = *c.ProjectAccess
	}
	return s.putACL(ctx, g, secret, &next)
}

// RemoveACL has the secret read by its project, and by nobody else.
//
// Errors: Changed when the secret is not as it was read.
func (s *Service) RemoveACL(ctx context.Context, g policy.Grant, secret *Secret) error {
	return s.putACL(ctx, g, secret, nil)
}

// putACL writes the metadata, while the record is still as it was read.
func (s *Service) putACL(ctx context.Context, g policy.Grant, secret *Secret, next *ACL) error {
	if err := g.Permits(policy.SecretACLsPut); err != nil {
		return err
	}
	m := *secret.Metadata
	m.ACL = next
	put, err := m.put(secret.Record.ID)
	if err != nil {
		return err
	}
	check := secret.Record.Unmoved()
	outcome, err := s.Table.Transact(ctx, put, check)
	switch {
	case err != nil:
		return fmt.Errorf("writing the access list of secret %s: %w", secret.Record.ID, err)
	case !outcome.OK():
		return ErrChanged
	}
	return nil
}

// SecretTarget is what policy may read about the secret when c acts on it. Reads says
// that the caller's project reads it by way of a shared image. An ACL is part of the
// target: whom it lists is a reader, and a secret that its project may not read is
// of no project but for its creator.
//
// Source: barbican/api/controllers/__init__.py, ACLMixin.
func SecretTarget(secret *Secret, c caller.Caller, reads bool) policy.Target {
	r := secret.Record
	t := policy.Attributes{"id": r.ID, "project_id": r.Owner, "creator_id": r.Creator, "reader": reads}
	if acl := secret.Metadata.ACL; acl != nil {
		t["reader"] = reads || c.UserID != "" && slices.Contains(acl.Users, c.UserID)
		if !acl.ProjectAccess && (c.UserID == "" || c.UserID != r.Creator) {
			delete(t, "project_id")
		}
	}
	return t
}
