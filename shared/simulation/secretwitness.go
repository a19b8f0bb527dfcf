package simulation

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gander-images/gander/shared/key"
	"github.com/gander-images/gander/shared/table"
	"github.com/gander-images/gander/shared/vault"
)

// secrets holds every usable key to an active secret.
func (w *witness) secrets(world *world) {
	if w.restored {
		return // the vault is ahead of the table; rounds see to that, and quiet looks
	}
	w.active(world, func(*sawKey) bool { return false })
}

// active is that, but for keys whose secret may be missing.
func (w *witness) active(world *world, missing func(*sawKey) bool) {
	for i := range w.keys {
		k := &w.keys[i]
		if !k.usable() {
			continue
		}
		s := world.vault.find(vault.Name{Key: k.id, Generation: k.generation})
		switch {
		case s == nil && missing(k):
		case s == nil:
			world.failed("P4: key %s is %s, and the vault has no secret of generation %d", k.id, k.state, k.generation)
		case s.scheduled:
			world.failed("P4: key %s is %s, and its secret of generation %d is scheduled", k.id, k.state, k.generation)
		case k.value == "":
			k.value = string(s.value)
		case k.value != string(s.value):
			world.failed("P4: key %s has another value in generation %d", k.id, k.generation)
		}
	}
}

// scheduling looks at a call that has a secret deleted.
func (w *witness) scheduling(world *world, by *actor, o op) {
	if w.behind {
		world.failed("%s: %s while the table is behind the vault, and nobody has turned deletions on", by, o)
	}
	if k := w.key(o.name.Key); (k.state == "" || k.state == key.External) && !world.retired(o.name) {
		world.failed("%s: %s, of which there is no record", by, o)
	}
}

// retired reports whether an entry says that the generation is to go. It may outlive
// the record of a key that was given up.
func (w *world) retired(n vault.Name) bool {
	page, _ := w.table.Query(background, table.Query{Partition: "due#" + key.RetiredKind + "#0", Limit: 100})
	return slices.ContainsFunc(page.Items, func(item table.Item) bool {
		return strings.HasSuffix(item.Sort, fmt.Sprintf("#%s/%d", n.Key, n.Generation))
	})
}

// valueOf is the one value that a key has in this world.
func valueOf(id string) string { return "the value of " + id }
