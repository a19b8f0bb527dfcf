package key_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/key"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
)

var firstValue, secondValue = []byte("the first value"), []byte("the second value")

// reserve makes a secret that waits for its payload.
func (w *world) reserve() string {
	w.t.Helper()
	r, err := w.keys.Reserve(w.ctx(), key.New{Owner: owner.ProjectID, Creator: owner.UserID, Metadata: key.Metadata{Name: "later"}})
	w.must(err)
	return r.ID
}

func (w *world) fill(id string, value []byte) error {
	secret, err := w.keys.Secret(w.ctx(), id)
	if err != nil {
		return err
	}
	return w.keys.Fill(w.ctx(), w.grant(policy.SecretsPost, owner, owner.ProjectID), secret, value, "text/plain")
}

// value is the secret's, as its owner reads it; nil where there is none to be read.
func (w *world) value(id string) []byte {
	w.t.Helper()
	secret, err := w.keys.Secret(w.ctx(), id)
	if errors.Is(err, key.ErrNotFound) {
		return nil
	}
	w.must(err)
	value, err := w.keys.Payload(w.ctx(), w.grant(policy.SecretDecrypt, owner, owner.ProjectID), secret)
	if problem.Is(err, problem.NotFound) {
		return nil
	}
	w.must(err)
	return value
}

func (w *world) sound(when string) {
	w.t.Helper()
	for _, fault := range w.faults() {
		w.t.Errorf("%s: %s", when, fault)
	}
}

// TestFillBroken breaks each write of giving a secret its payload, in each way. What was
// answered is so; what failed can be tried again, with another value too, and leaves
// nothing behind.
func TestFillBroken(t *testing.T) {
	plays := 0
	for _, how := range breakages {
		for at, more := 1, true; more; at++ {
			t.Run(fmt.Sprintf("%s/%d", how, at), func(t *testing.T) {
				w := newWorld(t)
				id := w.reserve()
				g := &gate{at: at, how: how}
				err := w.under(g).fill(id, firstValue)
				if more = g.seen >= at; more {
					plays++
				}
				w.sound("at once")
				first := w.value(id)
				if err == nil && !bytes.Equal(first, firstValue) || first != nil && !bytes.Equal(first, firstValue) {
					t.Errorf("answered %v, the value is %q", err, first)
				}
				again := w.fill(id, secondValue)
				switch got := w.value(id); {
				case first != nil && (problem.CodeOf(again) != problem.Conflict || !bytes.Equal(got, firstValue)):
					t.Errorf("a second payload is answered %v, and the value is %q", again, got)
				case first == nil && (again != nil || !bytes.Equal(got, secondValue)):
					t.Errorf("after a failure another payload is answered %v, and the value is %q", again, got)
				}
				w.quiet()
				w.sound("in the end")
				if w.value(id) == nil {
					t.Error("a secret that nobody deleted is gone")
				}
			})
		}
	}
	if plays < 8 {
		t.Errorf("only %d writes were broken", plays)
	}
}

// TestWaitingEnds holds that a secret which gets no payload is gone after a day, and
// that a late payload finds nothing.
func TestWaitingEnds(t *testing.T) {
	w := newWorld(t)
	id := w.reserve()
	*w.clock = w.now().Add(23 * time.Hour)
	w.must(w.sweep())
	secret, err := w.keys.Secret(w.ctx(), id)
	w.must(err)
	if !secret.Waits() || secret.Record.Usable() {
		t.Errorf("a secret without a payload is %s", secret.Record.State)
	}
	*w.clock = w.now().Add(2 * time.Hour)
	w.must(w.sweep())
	if err := w.fill(id, firstValue); !errors.Is(err, key.ErrNotFound) {
		t.Errorf("a payload after a day is answered %v", err)
	}
	// Given up between looking and storing: nothing becomes of it.
	fill := w.keys.Fill(w.ctx(), w.grant(policy.SecretsPost, owner, owner.ProjectID), secret, firstValue, "text/plain")
	if !key.Changed(fill) {
		t.Errorf("a payload for what was given up is answered %v", fill)
	}
	w.quiet()
	w.sound("in the end")
	if r, err := w.keys.Find(w.ctx(), id); r != nil || err != nil {
		t.Errorf("in the end there is still a record: %+v, %v", r, err)
	}
}

// TestDiscard holds that a secret is deleted before it has a payload, also while one is
// on its way.
func TestDiscard(t *testing.T) {
	w := newWorld(t)
	id := w.reserve()
	g := &gate{at: 2, how: diedAfter} // the vault has the value, the record does not say so
	_ = w.under(g).fill(id, firstValue)
	secret, err := w.keys.Secret(w.ctx(), id)
	w.must(err)
	if err := w.keys.Discard(w.ctx(), policy.Grant{}, secret); err == nil {
		t.Error("it is deleted without a grant")
	}
	w.must(w.keys.Discard(w.ctx(), w.grant(policy.SecretDelete, owner, owner.ProjectID), secret))
	if w.value(id) != nil {
		t.Error("it is deleted, and read")
	}
	w.quiet()
	w.sound("in the end")
	if r, _ := w.keys.Find(w.ctx(), id); r != nil {
		t.Errorf("in the end there is still a record: %+v", r)
	}
}

// TestExpired holds that a secret whose time is over is in no list, and still there to
// be deleted.
func TestExpired(t *testing.T) {
	w := newWorld(t)
	ends := w.now().Add(time.Hour)
	r, err := w.keys.Create(w.ctx(), key.New{
		Owner: owner.ProjectID, Creator: owner.UserID, Value: firstValue, Metadata: key.Metadata{ContentType: "text/plain", Expires: &ends},
	})
	w.must(err)
	sees := w.grant(policy.SecretGet, owner, owner.ProjectID)
	all := func(*key.Secret) (bool, error) { return true, nil }
	for _, c := range []struct {
		after time.Duration
		total int
	}{{time.Hour - time.Microsecond, 1}, {time.Microsecond, 0}} {
		*w.clock = w.now().Add(c.after)
		page, err := w.keys.List(w.ctx(), sees, owner.ProjectID, key.ListQuery{Limit: 10}, all)
		w.must(err)
		secret, err := w.keys.Secret(w.ctx(), r.ID)
		w.must(err)
		if page.Total != c.total || w.keys.Expired(secret) != (c.total == 0) {
			t.Errorf("%s before its end the list has %d, expired is %t", ends.Sub(w.now()), page.Total, w.keys.Expired(secret))
		}
	}
	secret, err := w.keys.Secret(w.ctx(), r.ID)
	w.must(err)
	deletes := w.grant(policy.SecretDelete, owner, owner.ProjectID)
	w.must(w.keys.Remove(w.ctx(), deletes, deletes, secret.Record, false))
	if err := w.keys.SetACL(w.ctx(), w.grant(policy.SecretACLsPut, owner, owner.ProjectID), secret, key.ACLChange{}, false); !key.Changed(err) {
		t.Errorf("an access list for a secret that was deleted meanwhile is answered %v", err)
	}
	w.quiet()
	w.sound("in the end")
}
