package image

import (
	"fmt"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/key"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
	vaultmemory "github.com/gander-images/gander/shared/vault/memory"
)

// withKey is a world with a deleted image that names a key of its own, and wishes it
// gone.
func withKey(t *testing.T) (w *world, img *Image, keyID string) {
	t.Helper()
	w = newWorld(t)
	w.service.Keys.Vault, w.service.Keys.Window = vaultmemory.New(w.now), 7*24*time.Hour
	r, err := w.service.Keys.Create(t.Context(), key.New{Owner: "demo", Value: []byte("the value")})
	if err != nil {
		t.Fatal(err)
	}
	d := raw()
	d.Properties = map[string]string{key.ImageKey: r.ID, key.ImagePolicy: key.OnImageDeletion}
	img = w.create(d)
	if err := w.delete(img); err != nil {
		t.Fatal(err)
	}
	return w, w.found(img.ID), r.ID
}

// force deletes a key by an admin's word, and does what is due then.
func (w *world) force(id string) error {
	r, err := w.service.Keys.Find(w.t.Context(), id)
	if err != nil {
		return err
	}
	grant := func(rule policy.Rule) policy.Grant {
		g, err := w.rules.Authorize(rule, admin, policy.Attributes{"project_id": r.Owner})
		if err != nil {
			w.t.Fatal(err)
		}
		return g
	}
	return w.service.Keys.Remove(w.t.Context(), grant(policy.SecretDelete), grant(policy.ForceDeleteSecret), r, true)
}

func (w *world) keyState(id string) key.State {
	w.t.Helper()
	r, err := w.service.Keys.Find(w.t.Context(), id)
	if err != nil || r == nil {
		w.t.Fatalf("key %s: %v", id, err)
	}
	return r.State
}

// TestRestoreAndPurgeOfAKey plays a restore and a purge of an image with a key against
// each other, the one whole before every port call of the other. The image is back and
// its key is held, or it is gone and the key is on its way out.
func TestRestoreAndPurgeOfAKey(t *testing.T) {
	outcomes := map[Status]int{}
	for _, purgeIsMet := range []bool{true, false} {
		for at, more := 1, true; more; at++ {
			t.Run(fmt.Sprintf("purge is met %t/%d", purgeIsMet, at), func(t *testing.T) {
				w, img, keyID := withKey(t)
				late, early := w.now().Add(25*time.Hour), w.now().Add(time.Hour)
				clock := func(at time.Time) func() time.Time { return func() time.Time { return at } }
				m := &meeting{at: at}
				purges, restores := w.service.over(&meeting{}, clock(late)), w.service.over(&meeting{}, clock(early))
				met := restores
				if purgeIsMet {
					met = purges
				}
				keys := *met.Keys
				keys.Table, met.Keys, met.Table = metTable{w.table, m}, &keys, metTable{w.table, m}
				var restored, purged error
				restore := func() { _, restored = w.restore(restores, img.ID) }
				purge := func() { purged = w.sweepBy(purges) }
				if purgeIsMet {
					m.happens = restore
					purge()
				} else {
					m.happens = purge
					restore()
				}
				if more = m.seen >= at; !more {
					return // nobody met
				}
				if purged != nil {
					t.Fatalf("the purge answers %v", purged)
				}
				now := w.found(img.ID)
				if want := map[bool]Status{true: Queued, false: Purged}[restored == nil]; now.Status != want {
					w.advance(25 * time.Hour)
					w.sweep() // whoever lost may have left it for later
					now = w.found(img.ID)
				}
				want := key.Condemned
				if restored == nil {
					want = key.Live
				}
				if got := w.keyState(keyID); got != want || (restored == nil) != (now.Status == Queued) {
					t.Errorf("restoring answers %v; the image is %s and its key %s", restored, now.Status, got)
				}
				w.audit()
				outcomes[now.Status]++
			})
		}
	}
	if outcomes[Queued] == 0 || outcomes[Purged] == 0 {
		t.Errorf("it comes to %v; both must win somewhere", outcomes)
	}
}

// TestRestoreMeetsForce: an image whose key is deleted by force comes back before that
// or not at all, and never without its key.
func TestRestoreMeetsForce(t *testing.T) {
	outcomes := map[bool]int{}
	for at, more := 1, true; more; at++ {
		t.Run(fmt.Sprint(at), func(t *testing.T) {
			w, img, keyID := withKey(t)
			m := &meeting{at: at, happens: func() {
				if err := w.force(keyID); err != nil {
					t.Fatal(err)
				}
			}}
			restores := w.service.over(m, w.now)
			keys := *restores.Keys
			keys.Table, restores.Keys = metTable{w.table, m}, &keys
			_, err := w.restore(restores, img.ID)
			if Changed(err) {
				_, err = w.restore(w.service, img.ID)
			}
			if more = m.seen >= at; !more {
				return
			}
			if err == nil || !problem.Is(err, problem.Conflict) || w.found(img.ID).Status != Deleted {
				t.Errorf("restoring answers %v, and the image is %s", err, w.found(img.ID).Status)
			}
			w.audit()
			outcomes[err == nil]++
		})
	}
	if outcomes[false] < 2 {
		t.Errorf("only %d meetings", outcomes[false])
	}
}

// TestRestoreBringsTheKey: after a restore everything is as it was, and what an image
// wished is heard when it is purged, not before.
func TestRestoreBringsTheKey(t *testing.T) {
	w, img, keyID := withKey(t)
	if _, err := w.restore(w.service, img.ID); err != nil {
		t.Fatal(err)
	}
	if got := w.keyState(keyID); got != key.Live {
		t.Errorf("the key is %s", got)
	}
	if err := w.delete(w.found(img.ID)); err != nil {
		t.Fatal(err)
	}
	w.advance(23 * time.Hour)
	w.sweep()
	if got := w.keyState(keyID); got != key.Live {
		t.Errorf("while the image can be restored its key is %s", got)
	}
	w.advance(2 * time.Hour)
	w.sweep()
	if got := w.keyState(keyID); got != key.Condemned {
		t.Errorf("after the purge the key is %s", got)
	}
	w.audit()
}
