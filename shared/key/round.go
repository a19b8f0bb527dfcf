package key

import (
	"context"
	"errors"
	"time"

	"github.com/gander-images/gander/shared/vault"
)

const (
	// roundEvery is how often the epoch is raised, and records and secrets are held
	// against each other.
	roundEvery = time.Hour

	// reserve is left of a deadline when a walk stops, so that the step at hand can end.
	reserve = 5 * time.Second

	// patience is how many keys of one walk may fail before it is left for later: more
	// than a few say that the vault or the table is out of reach.
	patience = 10
)

// The parts of a round, in their order.
const (
	walkSecrets = "secrets"
	walkRecords = "records"
	walkReports = "reports"
)

// Round is the hourly upkeep: it raises the epoch, and settles what records and
// secrets say differently. Call it at every sweep: while nothing is due it costs one
// read. A walk that comes to the end of ctx goes on with the next call. What is in no
// order in the vault is walked from its start again.
//
// Errors: those of the table and the vault. All that they kept from being done is met
// again.
func (s *Service) Round(ctx context.Context) error {
	if s.Vault == nil {
		return nil
	}
	u, err := s.readUpkeep(ctx)
	if err != nil {
		return err
	}
	due := s.roundIsDue(u)
	if !due && u.Walk == "" {
		return nil
	}
	if due {
		err = s.raise(ctx, &u)
	}
	if err == nil {
		err = s.walkAll(ctx, &u)
	}
	if Changed(err) || errors.Is(err, errEndsSoon) {
		return nil // another sweeper is at it, or the next call goes on
	}
	return err
}

// roundIsDue holds for a time that is yet to come, too: a clock was wrong then, or is
// now, and one round too many does no harm.
func (s *Service) roundIsDue(u upkeep) bool {
	age := s.now().Sub(u.Raised)
	return age < 0 || age >= roundEvery
}

// raise raises the epoch in the table and then in the vault. Never the other way: a
// crash in between must not look like a table that was restored.
func (s *Service) raise(ctx context.Context, u *upkeep) error {
	epoch, err := s.vaultEpoch(ctx)
	if err != nil {
		return err
	}
	if at := (Epochs{u.Epoch, epoch}); at.Behind() && !u.Off {
		s.turnOff(ctx, u, at.why())
	}
	u.Epoch, u.Raised = max(u.Epoch, epoch)+1, s.now()
	if u.Walk == "" {
		u.Walk, u.After = walkSecrets, ""
	}
	if err := s.putUpkeep(ctx, u); err != nil {
		return err
	}
	if err := s.Vault.RaiseEpoch(ctx, u.Epoch); err != nil {
		s.Log.WarnContext(ctx, "the vault's epoch is raised later", "epoch", u.Epoch, "error", err)
	}
	return nil
}

// walkAll does the parts of the round that are left.
func (s *Service) walkAll(ctx context.Context, u *upkeep) error {
	for _, part := range []struct {
		name, next string
		walk       func(context.Context, *upkeep) error
	}{
		{walkSecrets, walkRecords, s.walkSecrets},
		{walkRecords, walkReports, s.walkRecords},
		{walkReports, "", s.walkReports},
	} {
		if u.Walk != part.name {
			continue
		}
		if err := part.walk(ctx, u); err != nil {
			return err
		}
		u.Walk, u.After = part.next, ""
		if part.next == "" {
			u.Ended = s.now()
		}
		if err := s.putUpkeep(ctx, u); err != nil {
			return err
		}
	}
	if u.Walk != "" {
		return nil
	}
	off := 0
	if u.Off {
		off = 1
	}
	s.measure(MeasureOff, "", off)
	return nil
}

// errEndsSoon ends a walk that has no time left.
var errEndsSoon = errors.New("key: no time is left for the walk")

func endsSoon(ctx context.Context) error {
	if deadline, ok := ctx.Deadline(); ctx.Err() != nil || ok && time.Until(deadline) < reserve {
		return errEndsSoon
	}
	return nil
}

// pressed reports whether a request has to come to its end.
func pressed(ctx context.Context) bool { return endsSoon(ctx) != nil }

// failures counts what went wrong on a walk, which one bad record must not end.
type failures struct {
	service *Service
	count   int
}

// met logs the failure about a key, and returns it once there were too many.
func (f *failures) met(ctx context.Context, id string, err error) error {
	if err == nil || Changed(err) {
		return nil // whoever changed it was ahead; the next round looks again
	}
	if ends := endsSoon(ctx); ends != nil {
		return ends
	}
	f.service.Log.ErrorContext(ctx, "a key and its secret could not be held against each other", "key_id", id, "error", err)
	if !errors.Is(err, vault.ErrDamaged) { // which says nothing of the other keys
		f.count++
	}
	if f.count >= patience {
		return err
	}
	return nil
}
