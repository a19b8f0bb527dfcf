package key_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/image"
	"github.com/gander-images/gander/shared/key"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/table"
	"github.com/gander-images/gander/shared/vault"
	"github.com/gander-images/gander/shared/vault/vaulttest"
)

// doubled puts a double before the world's vault.
func (w *world) doubled(seed uint64) *vaulttest.Double {
	d := vaulttest.NewDouble(w.vault, seed, w.now)
	w.use(w.table, d)
	return d
}

// deliver has all calls arrive that are on their way.
func (w *world) deliver(d *vaulttest.Double) {
	for len(d.Parked()) > 0 {
		_ = d.Deliver(w.ctx(), 0)
	}
}

// TestLateMaking: a secret that is made after its key was given up goes, and so does
// the record. Images that named it before or meanwhile go on, and are nobody's own.
func TestLateMaking(t *testing.T) {
	for want, c := range map[string]struct{ before, meanwhile bool }{
		"none": {}, "external 1/0": {meanwhile: true}, "external 2/0": {before: true, meanwhile: true},
	} {
		w := newWorld(t)
		if c.before {
			w.must(w.create(owner, imgA, names(theKey, key.OnImageDeletion)))
		}
		d := w.doubled(1)
		d.Next(vaulttest.Late)
		if err := w.makes(owner); !errors.Is(err, vault.ErrUnknown) {
			t.Fatalf("making a key without an answer answers %v", err)
		}
		if c.meanwhile {
			w.must(w.create(stranger, imgB, names(theKey)))
		}
		*w.clock = w.now().Add(vaulttest.MostLate)
		w.must(w.sweep())
		w.deliver(d)
		w.audit()
		w.quiet()
		w.audit()
		if got := w.show(theKey); got != want {
			t.Errorf("the key is %s, not %s", got, want)
		}
		w.must(w.makes(owner)) // the id is free again
		w.wantUsable(theKey)
	}
}

// TestOnlyTheValueIsTakenAgain: when the secret of a key is lost, what an earlier try to give it a
// value left is not taken in its place.
func TestOnlyTheValueIsTakenAgain(t *testing.T) {
	w := newWorld(t)
	d := w.doubled(1)
	_, err := w.keys.Reserve(w.ctx(), newKey(theKey, "a"))
	w.must(err)
	fill := func(value string) error {
		secret, err := w.keys.Secret(w.ctx(), theKey)
		w.must(err)
		return w.keys.Fill(w.ctx(), w.grant(policy.SecretsPost, owner, "a"), secret, []byte(value), "text/plain")
	}
	d.Next(vaulttest.Unanswered)
	if err := fill("another value"); err == nil {
		t.Fatal("a payload without an answer is taken for stored")
	}
	w.must(fill("value of " + theKey))
	w.wantUsable(theKey)
	w.must(w.sweep())
	w.destroy(vault.Name{Key: theKey, Generation: w.record(theKey).Generation})
	*w.clock = w.now().Add(2 * time.Hour)
	w.must(w.keys.Round(w.ctx()))
	r := w.record(theKey)
	if value, err := w.vault.Get(w.ctx(), vault.Name{Key: theKey, Generation: r.Generation}); err == nil {
		t.Errorf("generation %d, which reads %q, is taken for the key", r.Generation, value)
	}
	w.audit() // which sees that operators were told
}

// TestRetiredAndTakenAgain: a generation that was to go, and is the key's again, stays.
func TestRetiredAndTakenAgain(t *testing.T) {
	w := newWorld(t)
	w.makeKey(theKey)
	w.must(w.removeKey(owner, false))
	w.must(w.sweep())
	w.must(w.restoreKey())
	w.must(w.sweep())
	w.destroy(vault.Name{Key: theKey, Generation: 2})
	*w.clock = w.now().Add(2 * time.Hour)
	w.must(w.keys.Round(w.ctx()))
	if got := w.show(theKey); got != "live 0/0, 1" {
		t.Errorf("the key is %s", got)
	}
	*w.clock = w.now().Add(2 * window)
	w.must(w.sweep())
	w.wantUsable(theKey)
	for at := range w.items() {
		if strings.HasPrefix(at.Partition, "due#"+key.RetiredKind) {
			t.Errorf("the entry that was to have it deleted is left: %v", at)
		}
	}
}

// TestEveryFate lives lives of a key over a vault that does all that the port warns of,
// by seeds. Nobody who named the key while it was usable loses it unless it is deleted by hand, and in
// the end nothing is left behind.
func TestEveryFate(t *testing.T) {
	ends := map[string]int{}
	for seed := range uint64(300) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			w := newWorld(t)
			d := w.doubled(seed)
			dice := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // no secret
			w.makeKey(theKey)
			d.Break(0.5)
			w.live(d, dice)
			d.Break(0)
			w.deliver(d)
			w.quiet()
			w.audit()
			state, _, _ := strings.Cut(w.show(theKey), " ")
			ends[state]++
			if w.record(theKey).Usable() {
				w.wantUsable(theKey)
			}
		})
	}
	if ends["live"] == 0 || ends["gone"] == 0 {
		t.Errorf("it comes to %v", ends)
	}
}

// live does forty things, whatever they answer.
func (w *world) live(d *vaulttest.Double, dice *rand.Rand) {
	byHand := false
	do := []func(){
		func() { _ = w.create(owner, imgA, names(theKey, key.OnImageDeletion)) },
		func() { _ = w.create(stranger, imgB, names(theKey, key.OnImageDeletion)) },
		func() { _ = w.addConsumer() }, func() { _ = w.removeConsumer() },
		func() {
			if img := w.found(imgA); img != nil && img.Status.Exists() {
				_ = w.end(imgA)
			}
		},
		func() { byHand = w.removeKey(owner, true) == nil || byHand },
		func() { _ = w.restoreKey() }, func() { _ = w.restoreKey() },
		func() { _ = w.sweep() }, func() { _ = w.sweep() }, func() { _ = w.sweep() },
		func() { *w.clock = w.now().Add(time.Duration(dice.IntN(60)) * time.Minute); d.DeliverDue(w.ctx()) },
		func() { w.late(); d.DeliverDue(w.ctx()) },
	}
	for range 40 {
		do[dice.IntN(len(do))]()
		r := w.record(theKey)
		if r.Own > 0 && !r.Usable() && !byHand {
			w.t.Errorf("the key that its owner holds is %s", w.show(theKey))
		}
	}
}

// A tornTable answers one read with a holder whose record it does not have yet.
type tornTable struct {
	table.Table
	torn int // reads still to be torn
}

func (t *tornTable) Get(ctx context.Context, keys ...table.Key) ([]*table.Item, error) {
	items, err := t.Table.Get(ctx, keys...)
	if len(keys) == 2 && t.torn > 0 {
		t.torn--
		items[0] = nil
	}
	return items, err
}

// TestTornReads: a record and its holder that were read at different times are read once
// more, and a holder without a record is told of, not taken for a race.
func TestTornReads(t *testing.T) {
	for torn, wrong := range map[int]bool{1: false, 2: true} {
		w := newWorld(t)
		w.makeKey(theKey)
		w.must(w.create(owner, imgA, names(theKey)))
		w.use(&tornTable{w.table, torn}, w.vault)
		err := w.update(owner, imgA, remove(key.CinderKey))
		if (err != nil) != wrong || image.Changed(err) {
			t.Errorf("torn %d times: answered %v", torn, err)
		}
		w.audit()
	}
}
