package key

import (
	"context"
	"log/slog"
	"time"

	"github.com/gander-images/gander/shared/table"
)

// An edit is one record on its way through one transaction, with the holders that
// change beside it.
type edit struct {
	service *Service
	id      string
	before  *Record // nil: there is none
	after   *Record // nil: there will be none
	holders []table.Write
	reports []table.Write
	why     string // of the decision, for the log
}

func (s *Service) edit(id string, before *Record) *edit {
	return &edit{service: s, id: id, before: before, after: before.clone()}
}

// done returns all writes of the edit, the record's first.
func (e *edit) done() ([]table.Write, error) {
	writes, err := e.service.writes(e.before, e.after)
	if err != nil {
		return nil, err
	}
	return append(append(writes, e.holders...), e.reports...), nil
}

// join counts a new holder. One of the owner's own brings a condemned key back.
//
// Errors: ErrNotUsable for an owner whose key is not usable.
func (e *edit) join(h *Holder) error {
	now := e.service.now()
	if e.after == nil {
		e.after = &Record{ID: e.id, State: External, CreatedAt: now}
		e.why = "named, and not made here"
	}
	r := e.after
	h.Own = h.Consumer != nil || r.entitles(h.Owner)
	h.Usable, h.Since = r.Usable(), now
	if h.Own && !h.Usable {
		return ErrNotUsable
	}
	r.count(h, +1)
	if h.Own {
		e.revive("named again")
	}
	return e.put(h)
}

// adopt makes a key that was created for an image live together with its holder.
func (e *edit) adopt(h *Holder) error {
	r := e.after
	h.Own, h.Usable, h.Since = r.entitles(h.Owner), true, e.service.now()
	r.count(h, +1)
	r.Image = h.Image
	e.made("cloned for an image")
	return e.put(h)
}

// change sets what a holder that stays has become: whose image it is, and what it
// wishes.
func (e *edit) change(h *Holder, owner string, wishesDelete bool) error {
	next := *h
	next.Owner, next.Delete, next.Own = owner, wishesDelete, e.after.entitles(owner)
	e.after.count(h, -1)
	e.after.count(&next, +1)
	if next.Own && !h.Own {
		e.revive("named by an image that became the owner's")
	}
	return e.put(&next)
}

// leave counts a holder out. One that is entitled and purged leaves its wish.
func (e *edit) leave(h *Holder, purged bool) {
	r := e.after
	r.count(h, -1)
	e.holders = append(e.holders, h.remove(e.id))
	if purged && h.Own {
		r.WishDelete = r.WishDelete || h.Delete
		r.WishKeep = r.WishKeep || !h.Delete
	}
	if r.Holders > 0 {
		return
	}
	if r.State != External {
		e.condemn("the last holder left, and a purged image wished it gone")
		return
	}
	e.after = nil
	e.why = "nobody names it any more"
	if purged && h.Delete {
		e.report(reportElsewhere, "an image that was purged wished it gone; the key is not kept here")
	}
}

// made makes a key usable whose secret is there. Images that named it before may have
// gone, and wished it gone, while it was made.
func (e *edit) made(why string) {
	e.after.State, e.after.Due, e.why = Live, time.Time{}, why
	if e.after.Holders == 0 {
		e.condemn("made, and wished gone meanwhile by an image that was purged")
	}
}

// condemn has a usable key that nobody holds go, if it was wished gone and nobody wished
// it kept.
func (e *edit) condemn(why string) {
	if r := e.after; r.Usable() && r.WishDelete && !r.WishKeep {
		r.State, r.Due, e.why = Condemned, e.service.now().Add(e.service.Delay), why
	}
}

// revive takes back that the key is condemned.
func (e *edit) revive(why string) {
	if r := e.after; r.State == Condemned {
		r.State, r.Due, r.WishDelete, r.WishKeep = Live, time.Time{}, false, false
		e.why = why
	}
}

func (e *edit) put(h *Holder) error {
	w, err := h.put(e.id)
	e.holders = append(e.holders, w)
	return err
}

// entitles reports whether images of the project count as the key's owner's.
func (r *Record) entitles(project string) bool { return r.Owner != "" && r.Owner == project }

func (r *Record) count(h *Holder, by int) {
	r.Holders += by
	if h.Own {
		r.Own += by
	}
}

// commit makes the edit's transaction, and tells what it decided.
func (s *Service) commit(ctx context.Context, e *edit, extra ...table.Write) error {
	if err := s.save(ctx, e.before, e.after, append(append(e.holders, e.reports...), extra...)...); err != nil {
		return err
	}
	if d, ok := e.decision(); ok {
		s.LogDecisions(d)
	}
	return nil
}

// A Decision is what became of a key, and why. Whoever made it logs it once its
// transaction has happened.
type Decision struct {
	ID       string
	From, To State // empty: no record
	Holders  int
	Why      string
}

// decision tells what the edit decides; ok is false where the key stays in its state.
func (e *edit) decision() (d Decision, ok bool) {
	d = Decision{ID: e.id, Why: e.why}
	if e.before != nil {
		d.From = e.before.State
	}
	if e.after != nil {
		d.To, d.Holders = e.after.State, e.after.Holders
	}
	return d, d.From != d.To
}

// LogDecisions tells of decisions that have happened.
func (s *Service) LogDecisions(decisions ...Decision) {
	for _, d := range decisions {
		s.Log.Info("key decision", slog.String("key_id", d.ID), slog.String("from", string(d.From)),
			slog.String("to", string(d.To)), slog.Int("holders", d.Holders), slog.String("why", d.Why))
		s.measureDecision(d)
	}
}
