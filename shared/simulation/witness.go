package simulation

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/gander-images/gander/shared/image"
	"github.com/gander-images/gander/shared/key"
	"github.com/gander-images/gander/shared/table"
)

// A witness sees every transaction, and knows from the images alone who holds a key
// and what was wished: it believes no count, no wish and no holder's row.
type witness struct {
	keys   []sawKey   // in the order of their first record
	images []sawImage // likewise
	rows   []sawRow   // consumers

	members []sawRow // projects that images are shared with
	orders  []sawOrder

	seen int // of the table's changes

	restored bool // the table was restored from a copy
	behind   bool // it was, and no operator has turned deletions on again
	wrong    string
}

// sawKey is a key as its record said last.
type sawKey struct {
	id         string
	state      key.State // empty: no record
	owner      string
	generation int
	image      string   // for which it was made; empty: for none
	users      []string // who reads it beside its project
	private    bool     // its project does not

	value       string    // of its secret, from when it was first usable
	goes, stays bool      // what entitled images that were purged wished
	left        time.Time // when the last holder left
}

// sawImage is an image as its record said last.
type sawImage struct {
	id     string
	owner  string
	status image.Status
	names  []named

	visibility image.Visibility
}

type named struct {
	key  string
	goes bool
}

// sawRow is a registered consumer of a key, or a project that an image is shared with.
type sawRow struct{ of, who string }

func newWitness() *witness { return &witness{} }

func (w *witness) fork() *witness {
	next := *w
	next.keys, next.images, next.rows = slices.Clone(w.keys), slices.Clone(w.images), slices.Clone(w.rows)
	next.members, next.orders = slices.Clone(w.members), slices.Clone(w.orders)
	return &next
}

func (w *witness) key(id string) *sawKey {
	for i := range w.keys {
		if w.keys[i].id == id {
			return &w.keys[i]
		}
	}
	w.keys = append(w.keys, sawKey{id: id})
	return &w.keys[len(w.keys)-1]
}

func (w *witness) image(id string) *sawImage {
	for i := range w.images {
		if w.images[i].id == id {
			return &w.images[i]
		}
	}
	w.images = append(w.images, sawImage{id: id})
	return &w.images[len(w.images)-1]
}

func (k *sawKey) usable() bool { return k.state == key.Live || k.state == key.Condemned }

// holders counts who holds the key, and those of them whom only an admin overrules.
func (w *witness) holders(id string) (all, own int) {
	k := w.key(id)
	for i := range w.images {
		for _, n := range w.images[i].names {
			if n.key == id {
				all++
				if k.owner != "" && w.images[i].owner == k.owner {
					own++
				}
			}
		}
	}
	for _, r := range w.rows {
		if r.of == id {
			all, own = all+1, own+1
		}
	}
	return all, own
}

func (w *witness) hash() uint64 {
	var sum uint64
	for _, k := range w.keys {
		h := mix(mix(hashText(k.id), hashText(k.value)), flags(k.goes, k.stays))
		sum ^= mix(h, uint64(k.left.UnixMicro())) //nolint:gosec // in our time, or none
	}
	return mix(sum, flags(w.restored, w.behind))
}

func flags(a, b bool) (n uint64) {
	if a {
		n = 1
	}
	if b {
		n += 2
	}
	return n
}

// recordOf and holderOf are what a witness reads of the product's documents.
type recordOf struct {
	ID         string            `json:"id"`
	Owner      string            `json:"owner"`
	State      key.State         `json:"state"`
	Generation int               `json:"generation"`
	Holders    int               `json:"holders"`
	Own        int               `json:"own"`
	WishDelete bool              `json:"wish_delete"`
	WishKeep   bool              `json:"wish_keep"`
	Status     image.Status      `json:"status"`
	UpdatedAt  time.Time         `json:"updated_at"`
	Properties map[string]string `json:"properties"`
	Visibility image.Visibility  `json:"visibility"`
	Image      string            `json:"image"`
	Locations  []image.Location  `json:"locations"`
}

func readRecord(item *table.Item) (r recordOf) {
	if item != nil {
		_ = json.Unmarshal(item.Body, &r)
	}
	return r
}

// namesOf says which keys an image names, and with which wish.
func namesOf(properties map[string]string) []named {
	first, second := properties[key.CinderKey], properties[key.ImageKey]
	if first == "" && second == "" {
		return nil
	}
	wish := func(policy string) bool { return properties[policy] == key.OnImageDeletion }
	other := func(policy string) bool {
		said, there := properties[policy]
		return there && said != key.OnImageDeletion
	}
	keep := other(key.CinderPolicy) || other(key.ImagePolicy)
	switch {
	case second == "":
		return []named{{first, !keep && wish(key.CinderPolicy)}}
	case first == "":
		return []named{{second, !keep && wish(key.ImagePolicy)}}
	case first == second:
		return []named{{first, !keep && wish(key.CinderPolicy) && wish(key.ImagePolicy)}}
	}
	return []named{{first, !keep && wish(key.CinderPolicy)}, {second, !keep && wish(key.ImagePolicy)}}
}

// changes looks at one transaction as a whole: images and consumers first, then the
// keys.
func (w *witness) changes(world *world, by *actor, all []table.Change) {
	revived := map[string]bool(nil)
	for _, c := range all {
		at := c.Key()
		switch {
		case at.Sort == "image" && strings.HasPrefix(at.Partition, "image#"):
			revived = w.imageChanged(world, c, all, revived)
		case strings.HasPrefix(at.Partition, "key#") && strings.HasPrefix(at.Sort, "holder#consumer#"):
			revived = w.consumerChanged(world, c, revived)
		case strings.HasPrefix(at.Partition, "image#") && strings.HasPrefix(at.Sort, "member#"):
			w.memberChanged(c)
		case strings.HasPrefix(at.Partition, "key#") && at.Sort == "secret":
			w.listChanged(world, by, c)
		}
	}
	for _, c := range all {
		if at := c.Key(); at.Sort == "key" && strings.HasPrefix(at.Partition, "key#") {
			w.keyChanged(world, by, c, revived)
		}
	}
	for _, c := range all {
		if at := c.Key(); at.Sort == "order" && strings.HasPrefix(at.Partition, "order#") {
			w.orderChanged(world, by, c)
		}
	}
}

// imageChanged notes which keys the image began and ceased to hold.
func (w *witness) imageChanged(world *world, c table.Change, all []table.Change, revived map[string]bool) map[string]bool {
	r := readRecord(c.New)
	img := w.image(r.ID)
	before := *img
	img.status, img.visibility, img.names = r.Status, r.Visibility, nil
	if r.Status != image.Purging && r.Status != image.Purged {
		img.owner = r.Owner
		img.names = namesOf(r.Properties)
	}
	w.mayBecome(world, before, r, all)
	for _, n := range img.names {
		if !holds(before.names, n.key) || before.owner != img.owner {
			if k := w.key(n.key); k.owner == img.owner {
				revived = note(revived, n.key)
			}
		}
	}
	for _, n := range before.names {
		if holds(img.names, n.key) {
			continue
		}
		k := w.key(n.key)
		if r.Status == image.Purging && k.owner != "" && k.owner == before.owner {
			k.goes, k.stays = k.goes || n.goes, k.stays || !n.goes
		}
		k.left = world.now
	}
	return revived
}

func note(set map[string]bool, id string) map[string]bool {
	if set == nil {
		set = map[string]bool{}
	}
	set[id] = true
	return set
}

func holds(names []named, id string) bool {
	return slices.ContainsFunc(names, func(n named) bool { return n.key == id })
}

// mayBecome holds an image to its states.
func (w *witness) mayBecome(world *world, before sawImage, r recordOf, all []table.Change) {
	from, to := before.status, r.Status
	switch {
	case to == image.Purging && from != image.Deleted && from != image.Purging,
		to == image.Purged && from != image.Purging && from != image.Purged,
		(from == image.Purging || from == image.Purged) && to != image.Purging && to != image.Purged:
		world.failed("image %s went from %q to %q", r.ID, from, to)
	case to == image.Active && from == image.Queued,
		to == image.Active && from == image.Saving && !leaseEnds(r.ID, all):
		world.failed("image %s went from %q to %q without its lease", r.ID, from, to)
	}
	world.stats.image(from, to)
}

func leaseEnds(id string, all []table.Change) bool {
	return slices.ContainsFunc(all, func(c table.Change) bool {
		return c.New == nil && c.Old.Partition == "image#"+id && strings.HasPrefix(c.Old.Sort, "lease#")
	})
}

func (w *witness) consumerChanged(world *world, c table.Change, revived map[string]bool) map[string]bool {
	at := c.Key()
	id := keyOf(at)
	row := sawRow{id, at.Sort}
	w.rows = slices.DeleteFunc(w.rows, func(r sawRow) bool { return r == row })
	if c.New == nil {
		w.key(id).left = world.now
		return revived
	}
	w.rows = append(w.rows, row)
	return note(revived, id)
}
