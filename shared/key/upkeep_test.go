package key_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/key"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/vault"
)

// A round that was held at a time that is yet to come is held again: a clock was wrong,
// and must not keep a restored table from being known for one.
func TestRoundsAfterAWrongClock(t *testing.T) {
	w := newWorld(t)
	*w.clock = w.now().Add(100 * 24 * time.Hour)
	w.must(w.keys.Round(w.ctx()))
	*w.clock = w.now().Add(-100 * 24 * time.Hour)
	_, before := w.epochs()
	w.must(w.keys.Round(w.ctx()))
	if _, at := w.epochs(); at.Table != before.Table+1 {
		t.Errorf("the epoch was %+v, and is %+v", before, at)
	}
}

// A table that is behind its vault is raised above what the vault has seen, whatever
// the distance: the next copy of it that is restored is known by that.
func TestRoundsRaiseAboveTheVault(t *testing.T) {
	w := newWorld(t)
	w.must(w.keys.Round(w.ctx()))
	w.must(w.vault.RaiseEpoch(w.ctx(), 10))
	w.hour()
	if d, at := w.epochs(); d.Enabled || at.Table != 11 || at.Vault != 11 {
		t.Errorf("%+v, %+v", d, at)
	}
}

// What turned deletions off first stays the reason: an operator's own word is not lost
// when the table turns out to be old as well.
func TestTheFirstReasonStays(t *testing.T) {
	w := newWorld(t)
	w.must(w.keys.Round(w.ctx()))
	_, err := w.keys.SetDeletions(w.ctx(), w.grant(policy.ManageKeys, admin, "a"), false, "we are moving")
	w.must(err)
	first, _ := w.epochs()
	w.must(w.vault.RaiseEpoch(w.ctx(), 10))
	w.hour()
	if d, _ := w.epochs(); d != first {
		t.Errorf("off by %+v, and then by %+v", first, d)
	}
}

// A walk that takes longer than the hour between rounds is not begun anew each time:
// else what it comes to last would never be looked at.
func TestLongWalksComeToTheirEnd(t *testing.T) {
	w := newWorld(t)
	for i := range 60 {
		w.makeKey(fmt.Sprintf("%08d-0000-4000-8000-000000000000", i))
	}
	ctx, cancel := context.WithCancel(w.ctx())
	s := &stopping{Vault: w.vault, left: 30, cancel: cancel}
	w.use(w.table, s)
	w.must(w.keys.Round(ctx))
	s.asked, *w.clock = 0, w.now().Add(time.Hour)
	w.must(w.keys.Round(w.ctx()))
	if s.asked != 35 {
		t.Errorf("an hour later, %d keys were looked at", s.asked)
	}
}

// asked counts what is asked about secrets, and answers nothing.
type asked struct {
	vault.Vault
	count int
}

func (a *asked) Describe(context.Context, vault.Name) (vault.Secret, error) {
	a.count++
	return vault.Secret{}, vault.ErrBusy
}

// A round does not go through thousands of keys of which none can be looked at.
func TestRoundsGiveUp(t *testing.T) {
	w := newWorld(t)
	for i := range 30 {
		w.makeKey(fmt.Sprintf("%08d-0000-4000-8000-000000000000", i))
	}
	a := &asked{Vault: w.vault}
	w.use(w.table, a)
	if err := w.keys.Round(w.ctx()); err == nil || a.count != 10 {
		t.Errorf("after %d failures the round answers %v", a.count, err)
	}
}

// A secret that is there though its record says that it is gone is told of, and stays.
func TestSecretsOfGoneKeys(t *testing.T) {
	w := newWorld(t)
	w.makeKey(theKey)
	w.must(w.removeKey(owner, false))
	w.must(w.sweep())
	state := w.vault.Snapshot()
	*w.clock = w.now().Add(window + 2*time.Hour)
	w.must(w.sweep())
	if r := w.record(theKey); r.State != key.Gone {
		t.Fatalf("the key is %s", r.State)
	}
	for i := range state.Secrets {
		state.Secrets[i].GoneAt = time.Time{}
	}
	w.vault.Load(state)
	w.hour()
	if got := w.findings(); !slices.Equal(got, []string{"unrecorded " + theKey + " 1"}) {
		t.Errorf("told of %q", got)
	}
	if _, err := w.vault.Get(w.ctx(), name(theKey, 1)); err != nil {
		t.Errorf("the secret reads %v", err)
	}
}

// A deletion that is decided while a round takes the secret off the vault's list, for
// the key was usable when it was read, is asked for again soon: not when the window that
// was taken back would have ended.
func TestDeletionsMeetRounds(t *testing.T) {
	for at, more := 1, true; more; at++ {
		w := newWorld(t)
		w.makeKey(theKey)
		w.must(w.vault.Schedule(w.ctx(), name(theKey, 1), window))
		*w.clock = w.now().Add(time.Hour)
		g := &gate{at: at, happens: func() {
			w.must(w.removeKey(owner, false))
			w.must(w.sweep())
		}}
		w.must(w.gated(g).keys.Round(w.ctx()))
		more = g.seen >= at
		if !more {
			break
		}
		*w.clock = w.now().Add(time.Second)
		w.must(w.sweep())
		r := w.record(theKey)
		secret, err := w.vault.Describe(w.ctx(), name(theKey, 1))
		if r.State != key.Scheduled || !r.Confirmed || err != nil || !secret.Scheduled {
			t.Errorf("deleted before call %d of a round, the key is %s", at, w.show(theKey))
		}
	}
}

// hidden does not know of a secret yet: what a vault has just made, or restored, need
// not be seen at once.
type hidden struct {
	vault.Vault
	name vault.Name
}

func (h hidden) Describe(ctx context.Context, n vault.Name) (vault.Secret, error) {
	if n == h.name {
		return vault.Secret{}, vault.ErrNotFound
	}
	return h.Vault.Describe(ctx, n)
}

// A key that was made, or restored, within the last minutes is not told of as missing,
// nor is another generation taken in its place.
func TestFreshKeysAreNotMissing(t *testing.T) {
	for _, n := range []vault.Name{name(theKey, 2), name(otherKey, 1)} {
		w := newWorld(t)
		w.makeKey(theKey)
		w.must(w.removeKey(owner, false))
		w.must(w.sweep())
		w.must(w.restoreKey())
		w.makeKey(otherKey)
		w.use(w.table, hidden{w.vault, n})
		w.must(w.keys.Round(w.ctx()))
		if got := w.findings(); len(got) != 0 {
			t.Errorf("told of %q", got)
		}
		if got := w.record(theKey).Generation; got != 2 {
			t.Errorf("the key is generation %d", got)
		}
	}
}

// A generation that took the place of a lost one is not made a second time by the next
// restore.
func TestAdoptedGenerationsCount(t *testing.T) {
	w := newWorld(t)
	w.makeKey(theKey)
	w.must(w.vault.Create(w.ctx(), name(theKey, 2), []byte("value of "+theKey)))
	w.drop(name(theKey, 1))
	*w.clock = w.now().Add(time.Hour)
	w.hour()
	w.wantUsable(theKey)
	w.must(w.removeKey(owner, false))
	w.must(w.sweep())
	w.must(w.restoreKey())
	if got := w.record(theKey).Generation; got != 3 {
		t.Errorf("the key is generation %d", got)
	}
	w.quiet()
	w.wantUsable(theKey)
}

// An audit tells the same, in the same order, however long its pages are: none of its
// parts begins where the one before it ended.
func TestAuditPages(t *testing.T) {
	w := newWorld(t)
	for i := range 4 {
		id := fmt.Sprintf("%08d-0000-4000-8000-000000000000", i)
		w.must(w.vault.Create(w.ctx(), name(id, 1), []byte("whose?")))
	}
	for i, elsewhere := range []string{"a", "b", "c"} {
		img := fmt.Sprintf("cccccccc-0000-4000-8000-%012d", i)
		w.must(w.create(owner, img, names(elsewhere, key.OnImageDeletion)))
		w.must(w.end(img))
		*w.clock = w.now().Add(time.Minute)
	}
	w.makeKey(theKey)
	w.must(w.removeKey(owner, false))
	w.must(w.keys.Round(w.ctx()))
	all := func(limit int) (found []string) {
		for next, first := "", true; first || next != ""; first = false {
			page, err := w.keys.Audit(w.ctx(), w.grant(policy.ManageKeys, admin, "a"), next, limit)
			w.must(err)
			if len(page.Findings) > limit {
				t.Errorf("%d findings on a page of %d", len(page.Findings), limit)
			}
			for _, f := range page.Findings {
				found = append(found, f.Kind+" "+f.Key)
			}
			next = page.Next
		}
		return found
	}
	whole := all(100)
	if len(whole) != 8 {
		t.Errorf("told of %q", whole)
	}
	for limit := 1; limit < 8; limit++ {
		if got := all(limit); !slices.Equal(got, whole) {
			t.Errorf("by %d: %q, and at once: %q", limit, got, whole)
		}
	}
}

// An access list was made when it was made first, whatever is said of it later.
func TestAccessListsKeepTheirBeginning(t *testing.T) {
	w := newWorld(t)
	w.makeKey(theKey)
	first := w.now()
	for _, merges := range []bool{false, true, false} {
		secret, err := w.keys.Secret(w.ctx(), theKey)
		w.must(err)
		w.must(w.keys.SetACL(w.ctx(), w.grant(policy.SecretACLsPut, owner, "a"), secret, key.ACLChange{Users: &[]string{"u"}}, merges))
		m, err := w.keys.Metadata(w.ctx(), theKey)
		w.must(err)
		if !m.ACL.Created.Equal(first) || !m.ACL.Updated.Equal(w.now()) {
			t.Errorf("made %s, changed %s; it is %s", m.ACL.Created, m.ACL.Updated, w.now())
		}
		*w.clock = w.now().Add(time.Minute)
	}
}

// A table that turns out to be old is looked through at once: what its audit tells is
// what an operator goes by who turns deletions on again.
func TestOldTablesAreLookedThrough(t *testing.T) {
	w := newWorld(t)
	w.makeKey(theKey)
	w.must(w.create(owner, imgA, names(theKey, key.OnImageDeletion)))
	w.must(w.end(imgA))
	w.must(w.keys.Round(w.ctx()))
	copied := w.table.Fork()
	w.hour()
	w.makeKey(otherKey)
	w.table = copied
	w.use(w.table, w.vault)
	*w.clock = w.now().Add(time.Minute - time.Hour) // the copy's last round was a minute ago
	w.must(w.keys.Round(w.ctx()))
	if got := w.findings(); len(got) != 0 {
		t.Fatalf("told of %q", got)
	}
	*w.clock = w.now().Add(delay)
	w.must(w.sweep())
	*w.clock = w.now().Add(-delay)
	w.must(w.keys.Round(w.ctx()))
	if got := w.findings(); !slices.Equal(got, []string{"unrecorded " + otherKey + " 1"}) {
		t.Errorf("told of %q", got)
	}
	if d, at := w.epochs(); d.Enabled || !strings.Contains(d.Why, "restored") || at.Behind() {
		t.Errorf("%+v, %+v", d, at)
	}
}
