package key

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/gander-images/gander/shared/due"
	"github.com/gander-images/gander/shared/table"
	"github.com/gander-images/gander/shared/vault"
)

// StepKind and RetiredKind are the kinds of due entry that take a key, and a
// generation that is no longer one, to their ends.
const (
	StepKind    = "key"
	RetiredKind = "key-generation"
)

const (
	askAgain = 5 * time.Minute  // until a deletion that is not confirmed is looked at again
	goneSoon = time.Hour        // how long after its window a secret is looked for again
	offPause = 10 * time.Minute // until a deletion is looked at again while deletions are off
)

type step struct {
	Key string `json:"key"`
}

// stepEntry stands at the record's time while something is to be done to it.
func stepEntry(r *Record) due.Entry {
	return due.New(StepKind, r.Due, table.Text(r.ID, maxTextKey), step{Key: r.ID})
}

type retired struct {
	Key        string    `json:"key"`
	Generation int       `json:"generation"`
	Since      time.Time `json:"since"`
}

// retire has the secret of a generation deleted that is not, or no longer, a key.
func (s *Service) retire(n vault.Name) due.Entry {
	return retiredEntry(s.now(), retired{Key: n.Key, Generation: n.Generation, Since: s.now()})
}

func retiredEntry(at time.Time, r retired) due.Entry {
	return due.New(RetiredKind, at, r.Key+"/"+strconv.Itoa(r.Generation), r)
}

// Handlers are all due work that keys leave, by kind.
func (s *Service) Handlers() map[string]due.Handler {
	return map[string]due.Handler{StepKind: s.Step, RetiredKind: s.Retire}
}

// Step is the handler of StepKind: it does the next thing that the record's state asks
// for. An entry that is not the record's own is dropped.
func (s *Service) Step(ctx context.Context, e due.Entry) error {
	var body step
	if err := json.Unmarshal(e.Body, &body); err != nil {
		return fmt.Errorf("reading the entry: %w", err)
	}
	r, err := s.read(ctx, body.Key)
	if err != nil {
		return err
	}
	if r == nil || !r.Due.Equal(e.At) {
		return s.drop(ctx, e, still(body.Key, r))
	}
	err = s.next(ctx, r)
	if Changed(err) {
		return nil // another is ahead; it moved the entry
	}
	return err
}

func (s *Service) next(ctx context.Context, r *Record) error {
	e := s.edit(r.ID, r)
	switch r.State {
	case Creating:
		e.abandon("it was not made in time")
		e.after.Due = s.now()
		return s.commit(ctx, e)
	case Abandoned:
		return s.clear(ctx, e)
	case Condemned:
		return s.condemned(ctx, e)
	case Scheduled:
		if r.Restoring {
			return s.endRestore(ctx, r)
		}
		return s.scheduled(ctx, e)
	}
	e.after.Due = time.Time{} // nothing is to be done in the other states
	return s.commit(ctx, e)
}

// condemned schedules a key that nobody holds. With a holder the entry goes: it is
// written anew when the last one leaves.
func (s *Service) condemned(ctx context.Context, e *edit) error {
	if e.before.Holders > 0 {
		e.after.Due = time.Time{}
		return s.commit(ctx, e)
	}
	if on, err := s.deletes(ctx); !on || err != nil {
		return s.postpone(ctx, e, err)
	}
	e.schedule("nobody held it for the delay")
	e.after.Due = s.now().Add(askAgain)
	if err := s.commit(ctx, e); err != nil {
		return err
	}
	return s.scheduled(ctx, s.edit(e.id, e.after))
}

// scheduled asks the vault for the deletion until the vault says that it knows, and
// then until the secret is gone.
func (s *Service) scheduled(ctx context.Context, e *edit) error {
	if on, err := s.deletes(ctx); !on || err != nil {
		return s.postpone(ctx, e, err)
	}
	secret, err := s.askToDelete(ctx, e.before.name())
	switch {
	case errors.Is(err, vault.ErrNotFound):
		e.after.State, e.after.Confirmed, e.after.Due, e.why = Gone, true, time.Time{}, "the vault no longer has it"
	case err != nil:
		return err
	case secret.Scheduled:
		e.after.Confirmed, e.after.Due = true, later(s.now(), secret.GoneAt)
	default:
		e.after.Confirmed, e.after.Due = false, s.now().Add(askAgain)
	}
	return s.commit(ctx, e)
}

// askToDelete has a secret scheduled that is not, and returns how it stands then.
func (s *Service) askToDelete(ctx context.Context, n vault.Name) (vault.Secret, error) {
	secret, err := s.Vault.Describe(ctx, n)
	if err != nil || secret.Scheduled {
		return secret, err
	}
	if err := s.Vault.Schedule(ctx, n, s.Window); err != nil {
		return secret, err
	}
	return s.Vault.Describe(ctx, n)
}

// later is when to look again for a secret that is to be gone at a time.
func later(now, goneAt time.Time) time.Time {
	// Whole microseconds, as entries have them: the record and its entry must agree.
	if at := goneAt.Add(goneSoon).UTC().Truncate(time.Microsecond); at.After(now.Add(goneSoon)) {
		return at
	}
	return now.Add(goneSoon)
}

// clear takes an abandoned key to its end: the record stays until the vault has
// nothing of it, and becomes that of an external key where somebody names it.
func (s *Service) clear(ctx context.Context, e *edit) error {
	secret, err := s.Vault.Describe(ctx, e.before.name())
	switch {
	case errors.Is(err, vault.ErrNotFound):
		return s.forget(ctx, e)
	case err != nil:
		return err
	case secret.Scheduled:
		e.after.Due = later(s.now(), secret.GoneAt)
		return s.commit(ctx, e)
	}
	if on, err := s.deletes(ctx); !on || err != nil {
		return s.postpone(ctx, e, err)
	}
	if secret, err = s.askToDelete(ctx, e.before.name()); err != nil && !errors.Is(err, vault.ErrNotFound) {
		return err
	}
	e.after.Due = later(s.now(), secret.GoneAt)
	return s.commit(ctx, e)
}

func (s *Service) forget(ctx context.Context, e *edit) error {
	meta := table.Write{Kind: table.Delete, Key: secretKey(e.id), If: table.IfPresent()}
	e.why = "it was never made"
	if e.before.Holders == 0 {
		e.after = nil
	} else {
		e.after = &Record{ID: e.id, State: External, Holders: e.before.Holders, CreatedAt: e.before.CreatedAt}
		if err := s.disown(ctx, e); err != nil {
			return err
		}
	}
	return s.commit(ctx, e, meta)
}

// disown has the holders of a key that has no owner any more count as nobody's own.
func (s *Service) disown(ctx context.Context, e *edit) error {
	holders, err := s.Holders(ctx, e.id)
	if err != nil {
		return err
	}
	for _, h := range holders {
		if h.Own {
			h.Own = false
			if err := e.put(&h); err != nil {
				return err
			}
		}
	}
	return nil
}

// postpone moves the entry while deletions are off.
func (s *Service) postpone(ctx context.Context, e *edit, err error) error {
	if err != nil {
		return err
	}
	e.after.Due = s.now().Add(offPause)
	return s.commit(ctx, e)
}

// Retire is the handler of RetiredKind: it has the secret of a generation deleted that
// is no key's, and ends once the vault has nothing of it.
func (s *Service) Retire(ctx context.Context, e due.Entry) error {
	var body retired
	if err := json.Unmarshal(e.Body, &body); err != nil {
		return fmt.Errorf("reading the entry: %w", err)
	}
	r, err := s.read(ctx, body.Key)
	if err != nil {
		return err
	}
	if r != nil && r.Generation == body.Generation {
		s.Log.WarnContext(ctx, "a generation that was to go is the key's again, and stays", "key_id", r.ID, "generation", r.Generation)
		return s.drop(ctx, e, still(r.ID, r))
	}
	again, err := s.retireNow(ctx, body)
	if err != nil {
		return err
	}
	if again.IsZero() {
		return s.drop(ctx, e)
	}
	outcome, err := s.Table.Transact(ctx, e.Settle(), retiredEntry(again, body).Put())
	if err != nil {
		return fmt.Errorf("moving the entry: %w", err)
	}
	if _, there := outcome.FailedAt(1); there {
		return s.drop(ctx, e) // another entry of the same generation stands where this one would go
	}
	return nil // if it did not happen, another handler of the same entry was first
}

// retireNow has the secret of a generation deleted, and returns when to look for it
// again; zero: it is gone, and will not come.
func (s *Service) retireNow(ctx context.Context, r retired) (again time.Time, err error) {
	if on, err := s.deletes(ctx); !on || err != nil {
		return s.now().Add(offPause), err
	}
	secret, err := s.askToDelete(ctx, vault.Name{Key: r.Key, Generation: r.Generation})
	arrived := !r.Since.Add(overdue).After(s.now()) // whatever makes it must have
	switch {
	case errors.Is(err, vault.ErrNotFound) && arrived:
		return time.Time{}, nil
	case errors.Is(err, vault.ErrNotFound):
		return r.Since.Add(overdue), nil
	}
	return later(s.now(), secret.GoneAt), err
}

// still holds that a record is as it was read; r is nil where there was none.
func still(id string, r *Record) table.Write {
	w := table.Write{Kind: table.Check, Key: recordKey(id), If: table.IfAbsent()}
	if r != nil {
		w.If = r.unmoved()
	}
	return w
}

// drop removes an entry that asks for nothing any more, as long as also holds.
func (s *Service) drop(ctx context.Context, e due.Entry, also ...table.Write) error {
	if _, err := s.Table.Transact(ctx, append(also, e.Settle())...); err != nil {
		return fmt.Errorf("dropping the entry: %w", err)
	}
	return nil
}
