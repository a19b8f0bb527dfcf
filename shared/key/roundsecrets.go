package key

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gander-images/gander/shared/table"
	"github.com/gander-images/gander/shared/vault"
)

// pageSize is how many records a walk holds at a time.
const pageSize = 25

// walkSecrets holds every secret of the vault against its record, a page at a time.
func (s *Service) walkSecrets(ctx context.Context, u *upkeep) error {
	failed := failures{service: s}
	page := make([]vault.Secret, 0, pageSize)
	flush := func() error {
		err := s.settleSecrets(ctx, &failed, page, !u.Off)
		page = page[:0]
		return err
	}
	err := s.Vault.List(ctx, func(secret vault.Secret) error {
		if err := endsSoon(ctx); err != nil {
			return err
		}
		if page = append(page, secret); len(page) < pageSize {
			return nil
		}
		return flush()
	})
	if err == nil {
		err = flush()
	}
	if err != nil {
		return fmt.Errorf("walking the secrets: %w", err)
	}
	return nil
}

func (s *Service) settleSecrets(ctx context.Context, failed *failures, page []vault.Secret, deletes bool) error {
	keys := make([]table.Key, len(page))
	for i, secret := range page {
		keys[i] = recordKey(secret.Name.Key)
	}
	if len(keys) == 0 {
		return nil
	}
	items, err := s.Table.Get(ctx, keys...)
	if err != nil {
		return fmt.Errorf("reading the records of secrets: %w", err)
	}
	for i, secret := range page {
		r, err := decode(items[i])
		if err == nil {
			err = s.settleSecret(ctx, secret, r, deletes)
		}
		if err := failed.met(ctx, secret.Name.Key, err); err != nil {
			return err
		}
	}
	return nil
}

// settleSecret does what is to be done about one secret, whose record is r.
func (s *Service) settleSecret(ctx context.Context, secret vault.Secret, r *Record, deletes bool) error {
	switch own := r != nil && secret.Name.Generation == r.Generation; {
	case r == nil || r.State == External:
		return s.unrecorded(ctx, secret, "no record says that it was made here")
	case r.State == Gone && own:
		return s.unrecorded(ctx, secret, "its record says that it is gone")
	case r.State == Creating || r.State == Abandoned || own && r.State == Scheduled || r.Restoring:
		return nil // its own steps see to it
	case own && secret.Scheduled:
		return s.uncover(ctx, r)
	case own:
		return nil
	}
	return s.stray(ctx, secret, r, deletes)
}

// unrecorded reports a secret that no record is about. It is never deleted: whoever
// lost the record may still need the key.
func (s *Service) unrecorded(ctx context.Context, secret vault.Secret, why string) error {
	now, err := s.Vault.Describe(ctx, secret.Name) // the list may be old
	if errors.Is(err, vault.ErrNotFound) {
		return nil
	}
	damaged := errors.Is(err, vault.ErrDamaged)
	if err != nil && !damaged {
		return err
	}
	switch {
	case damaged:
		why += "; it cannot be read"
	case now.Scheduled:
		why += "; its deletion is scheduled"
	}
	report := Report{Key: secret.Name.Key, Kind: reportUnrecorded, Generation: secret.Name.Generation, Why: why, At: s.now()}
	isNew, err := s.tell(ctx, report)
	if isNew {
		s.alarm(ctx, reportUnrecorded, report.Key, why)
	}
	return err
}

// uncover takes the secret of a usable key off the vault's list. Nothing of ours puts
// it there.
func (s *Service) uncover(ctx context.Context, r *Record) error {
	r, err := s.asItWas(ctx, r)
	if r == nil || err != nil {
		return err
	}
	if secret, err := s.Vault.Describe(ctx, r.name()); err != nil || !secret.Scheduled {
		return err
	}
	if err := s.Vault.Restore(ctx, r.name()); err != nil {
		return err
	}
	s.alarm(ctx, "uncovered", r.ID, "the key is usable and its secret was scheduled for deletion by somebody else; that is taken back")
	s.measure(MeasureUncovered, "", 1)
	return s.askAnew(ctx, r)
}

// askAnew has a deletion asked for again that was decided while uncover took it back.
func (s *Service) askAnew(ctx context.Context, was *Record) error {
	r, err := s.read(ctx, was.ID)
	if err != nil || r == nil || r.State != Scheduled || r.Restoring || r.Generation != was.Generation {
		return err
	}
	e := s.edit(r.ID, r)
	e.after.Confirmed, e.after.Due = false, s.now()
	return s.commit(ctx, e)
}

// asItWas reads a usable record again; nil when it is not as it was read.
func (s *Service) asItWas(ctx context.Context, was *Record) (*Record, error) {
	r, err := s.read(ctx, was.ID)
	if err != nil || r == nil || r.Revision != was.Revision || !r.Usable() {
		return nil, err
	}
	return r, nil
}

// settled reports whether whatever was under way when the record changed last must
// have arrived.
func (s *Service) settled(r *Record, after time.Duration) bool {
	return !r.UpdatedAt.Add(after).After(s.now())
}

// stray is about a secret of another generation than its record's: what a restore
// left that came to nothing, or one that the key moved on from. It goes by a due
// entry, unless the key's own secret is gone: then it is what is left of the key.
func (s *Service) stray(ctx context.Context, secret vault.Secret, r *Record, deletes bool) error {
	if r.Usable() {
		_, err := s.Vault.Describe(ctx, r.name())
		if errors.Is(err, vault.ErrNotFound) {
			return s.adopt(ctx, secret, r)
		}
		if err != nil {
			return err
		}
	}
	if secret.Scheduled || !deletes || !s.settled(r, overdue) {
		return nil
	}
	// One entry a day at most: when it is met it moves to the end of the window.
	now := s.now()
	entry := retiredEntry(now.Truncate(24*time.Hour), retired{Key: r.ID, Generation: secret.Name.Generation, Since: now})
	outcome, err := s.Table.Transact(ctx, entry.Put(), r.Unmoved())
	if err != nil {
		return fmt.Errorf("retiring a generation of key %s: %w", r.ID, err)
	}
	if outcome.OK() {
		s.Log.WarnContext(ctx, "a secret that is no key's is retired", "key_id", r.ID, "generation", secret.Name.Generation)
	}
	return nil
}

// adopt makes another generation the key's whose own is gone, if it has the same value.
func (s *Service) adopt(ctx context.Context, secret vault.Secret, r *Record) error {
	r, err := s.asItWas(ctx, r)
	if r == nil || err != nil || !s.settled(r, makingTime) || secret.Name.Generation < r.First {
		return err
	}
	if err := s.Vault.Restore(ctx, secret.Name); err != nil {
		return err
	}
	e := s.edit(r.ID, r)
	e.after.Generation, e.after.Made = secret.Name.Generation, max(r.Made, secret.Name.Generation)
	if err := s.commit(ctx, e); err != nil {
		return err
	}
	s.alarm(ctx, "adopted", r.ID, fmt.Sprintf("its secret is gone; generation %d of it is taken in its place", secret.Name.Generation))
	return nil
}
