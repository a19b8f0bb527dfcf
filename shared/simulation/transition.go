package simulation

import (
	"time"

	"github.com/gander-images/gander/shared/key"
	"github.com/gander-images/gander/shared/table"
	"github.com/gander-images/gander/shared/vault"
)

// keyChanged holds a key to its states: what may lead from each to the next, and who
// may have it so. revived are the keys that got a holder who brings a key back.
func (w *witness) keyChanged(world *world, by *actor, c table.Change, revived map[string]bool) {
	id := readRecord(c.New).ID
	if c.New == nil {
		id = readRecord(c.Old).ID
	}
	k := w.key(id)
	before := *k
	r := readRecord(c.New)
	k.state, k.owner, k.generation, k.image = r.State, r.Owner, r.Generation, r.Image
	if before.state == "" {
		k.goes, k.stays, k.left, k.value = false, false, time.Time{}, ""
	}
	if k.left.Equal(world.now) {
		k.left = r.UpdatedAt // by the clock as whoever left had read it
	}
	if before.state != k.state {
		world.stats.key(before.state, k.state)
	}
	switch {
	case before.usable() && !k.usable():
		w.unusable(world, by, &before, k)
	case before.state != key.Condemned && k.state == key.Condemned:
		w.condemned(world, by, k)
	case before.state == key.Condemned && k.state == key.Live:
		if !revived[id] {
			world.failed("P5: %s brought condemned key %s back, and nobody entitled named it", by, id)
		}
		k.goes, k.stays = false, false
	case before.state == key.Scheduled && k.usable():
		k.goes, k.stays = false, false
	case !before.usable() && k.usable() && before.state != key.Creating:
		world.failed("P5: %s made key %s, which was %q, %s", by, id, before.state, k.state)
	case before.usable() && k.usable() && k.generation != before.generation &&
		world.vault.find(vault.Name{Key: id, Generation: before.generation}) != nil: // else another one takes its place
		world.failed("key %s changed its generation while it was %s", id, k.state)
	}
	w.secrets(world)
}

// condemned says whether a key may be condemned now.
func (w *witness) condemned(world *world, by *actor, k *sawKey) {
	all, _ := w.holders(k.id)
	switch {
	case all > 0:
		world.failed("P4: %s condemned key %s, which %d hold", by, k.id, all)
	case !k.goes:
		world.failed("P5: %s condemned key %s, and no entitled image that was purged wished it gone", by, k.id)
	case k.stays:
		world.failed("P5: %s condemned key %s, and an image that was purged wished it kept", by, k.id)
	}
}

// unusable says whether a key may become unusable now.
func (w *witness) unusable(world *world, by *actor, before, k *sawKey) {
	if k.state != key.Scheduled {
		world.failed("P4: %s made key %s, which was %s, %q", by, k.id, before.state, k.state)
		return
	}
	all, own := w.holders(k.id)
	explicit := by.force
	switch {
	case explicit == anybody:
	case explicit == others && own > 0:
		world.failed("P4: %s forced the deletion of key %s over %d holders of its own project", by, k.id, own)
	case explicit == nobody && all > 0:
		world.failed("P4: %s deleted key %s, which %d hold, without force", by, k.id, all)
	case explicit != automatic:
	case all > 0:
		world.failed("P4: %s scheduled key %s, which %d hold", by, k.id, all)
	case before.state != key.Condemned, !k.goes, k.stays:
		world.failed("P5: %s scheduled key %s, which was %s; wished gone %t, kept %t", by, k.id, before.state, k.goes, k.stays)
	case world.now.Before(k.left.Add(delay)):
		world.failed("%s scheduled key %s %s after its last holder left", by, k.id, world.now.Sub(k.left))
	}
}
