package key

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
	"github.com/gander-images/gander/shared/vault"
)

// errOver refuses to bring back what is not on its way out, or no longer there.
var errOver = problem.New(problem.Conflict, "The key cannot be restored: it is not scheduled for deletion, or gone.")

// errRestoring refuses to bring back what another restore is at.
var errRestoring = problem.New(problem.Conflict, "The key is being restored already. Look again in a while.")

// Restore brings a scheduled key back, at an operator's word: its secret is taken off
// the vault's list, its value copied to a new generation, and the record switched to
// that, so that a deletion of the old one which is still on its way hits nothing that
// anyone uses. Its wishes are forgotten.
//
// Errors: Conflict for a key that is not scheduled, is being restored already, or
// whose secret is gone; Changed when it is not as it was read; the vault's and the
// table's.
func (s *Service) Restore(ctx context.Context, g policy.Grant, r *Record) (*Record, error) {
	if err := g.Permits(policy.ManageKeys); err != nil {
		return nil, err
	}
	switch {
	case r.State != Scheduled:
		return nil, errOver
	case r.Restoring:
		return nil, errRestoring
	}
	begun := s.edit(r.ID, r)
	begun.after.Restoring, begun.after.Made = true, r.Made+1
	begun.after.Due = s.now().Add(overdue)
	if err := s.commit(ctx, begun); err != nil {
		return nil, err
	}
	next := vault.Name{Key: r.ID, Generation: begun.after.Made}
	copying, cancel := context.WithTimeout(ctx, makingTime)
	defer cancel()
	if err := s.copySecret(copying, r.name(), next); err != nil {
		s.stopRestore(ctx, begun.after)
		if errors.Is(err, vault.ErrNotFound) {
			return nil, errOver
		}
		return nil, fmt.Errorf("restoring key %s: %w", r.ID, err)
	}
	return s.switchOver(ctx, begun.after)
}

// switches is how often a restore whose secret is made meets those who come and go as
// holders meanwhile. They cannot be let decide whether it succeeds.
const switches = 10

// switchOver makes the new generation the key, and has the old one go.
func (s *Service) switchOver(ctx context.Context, r *Record) (*Record, error) {
	made := r.Made
	for try := 1; ; try++ {
		e := s.edit(r.ID, r)
		old := s.retire(r.name())
		e.after.State, e.after.Generation, e.after.Due = Live, made, time.Time{}
		e.after.Restoring, e.after.Confirmed, e.after.WishDelete, e.after.WishKeep = false, false, false, false
		e.why = "restored by an operator"
		err := s.commit(ctx, e, old.Put())
		if err == nil {
			return e.after, nil
		}
		now, readErr := s.read(ctx, r.ID)
		if !Changed(err) || readErr != nil || try == switches || now == nil || !now.Restoring || now.Made != made {
			s.stopRestore(ctx, r)
			return nil, err
		}
		r = now
	}
}

// uncovers is how often a secret is taken off the list whose deletion comes again.
const uncovers = 3

// copySecret copies the value of from, which may be scheduled, to a new secret.
func (s *Service) copySecret(ctx context.Context, from, to vault.Name) error {
	var value []byte
	var err error
	for range uncovers {
		if err = s.Vault.Restore(ctx, from); err != nil {
			return err
		}
		if value, err = s.Vault.Get(ctx, from); !errors.Is(err, vault.ErrScheduled) {
			break
		}
	}
	if err != nil {
		return err
	}
	return s.Vault.Create(ctx, to, value)
}

// stopRestore takes back that a restore is under way. What it fails to do, the due
// entry does.
func (s *Service) stopRestore(ctx context.Context, r *Record) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := s.endRestore(ctx, r); err != nil {
		s.Log.WarnContext(ctx, "a restore that failed is taken back later", "key_id", r.ID, "error", err)
	}
}

// endRestore goes on with a scheduled key whose restore came to nothing. The secret
// that it may have made goes.
func (s *Service) endRestore(ctx context.Context, r *Record) error {
	e := s.edit(r.ID, r)
	e.after.Restoring, e.after.Confirmed, e.after.Due = false, false, s.now()
	return s.commit(ctx, e, s.retire(vault.Name{Key: r.ID, Generation: r.Made}).Put())
}
