package key

import (
	"context"

	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
)

// Remove schedules the key, which r is the record of, at its owner's explicit word.
// Without force nobody may hold it. With force the owner overrules holders of other
// projects, and whoever has the grant of force_delete_secret all of them; overrules is
// that grant, or any other where the caller has it not.
//
// Errors: ErrNotFound for a key that is not usable; Conflict with the number of
// holders, in words that clients look for; Changed when it is not as it was read.
//
// Source: barbicanclient/exceptions.py, SecretHasConsumers.
func (s *Service) Remove(ctx context.Context, g, overrules policy.Grant, r *Record, force bool) error {
	if err := g.Permits(policy.SecretDelete); err != nil {
		return err
	}
	const held = "Secret cannot be deleted as it has consumers. It is held by %d images or consumers"
	switch {
	case !r.Usable():
		return ErrNotFound
	case r.Holders > 0 && !force:
		return problem.New(problem.Conflict, held+".", r.Holders)
	case r.Own > 0 && overrules.Permits(policy.ForceDeleteSecret) != nil:
		return problem.New(problem.Conflict, held+", %d of them of its own project. Only an administrator overrules those.", r.Holders, r.Own)
	}
	e := s.edit(r.ID, r)
	e.schedule("deleted by hand")
	return s.commit(ctx, e)
}

// schedule has the key's secret deleted. The call to the vault comes after, by the due
// entry.
func (e *edit) schedule(why string) {
	e.after.State, e.after.Confirmed, e.after.Due, e.why = Scheduled, false, e.service.now(), why
}
