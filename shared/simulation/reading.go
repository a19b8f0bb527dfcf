package simulation

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/image"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/table"
	"github.com/gander-images/gander/shared/vault"
)

// A reading is a request for a key's value that is under way, with what the caller was
// entitled to since it began: the answer must be that of one of those moments.
type reading struct {
	caller      caller.Caller
	key         string
	begun       bool // its first call is made
	may, mayNot bool
}

// read asks for a key's value, as a project's member.
func read(project string, find which, name string) deed {
	return deed{name: project + " reads " + name, do: func(a *actor) error {
		w := a.run.world
		c := member(project)
		a.reading = &reading{caller: c, key: find(w)}
		defer func() { a.reading = nil }()
		secret, grant, err := a.readable(a.reading.key, c, policy.SecretDecrypt)
		var value []byte
		if err == nil {
			value, err = a.keys.Payload(background, grant, secret)
		}
		w.answered(a, value, err)
		return err
	}}
}

func (r *reading) hash() uint64 {
	if r == nil {
		return 0
	}
	return 1 + flags(r.may, r.mayNot)
}

// begin is when the first call is made. Before that nobody has asked for anything.
func (r *reading) begin(w *world) {
	if r != nil && !r.begun {
		r.begun = true
		r.look(w)
	}
}

// look notes what the caller is entitled to now.
func (r *reading) look(w *world) {
	if !r.begun {
		return
	}
	if w.witness.reads(r.caller, r.key) {
		r.may = true
	} else {
		r.mayNot = true
	}
}

// answered holds the answer to what its caller was entitled to.
func (w *world) answered(a *actor, value []byte, err error) {
	r := a.reading
	k := w.witness.key(r.key)
	switch {
	case w.witness.restored: // the vault is not the table's
	case errors.Is(err, vault.ErrBusy) || errors.Is(err, table.ErrBusy):
	case err == nil && !r.may:
		w.failed("P5: %s read key %s, which it was not entitled to", a, r.key)
	case err == nil && string(value) != k.value:
		w.failed("P4: %s read %q of key %s, whose value is %q", a, value, r.key, k.value)
	case err != nil && !r.mayNot:
		w.failed("P5: %s was refused key %s, which it was entitled to all the while: %v", a, r.key, err)
	}
}

// reads says who reads a key: its project, or by its access list its creator alone;
// whom the list names; and for a key that was made for a snapshot the projects that the
// snapshot is shared with, for as long as it is there, is shared, names the key, and
// belongs to the key's own project.
func (w *witness) reads(c caller.Caller, id string) bool {
	k := w.key(id)
	if !k.usable() {
		return false
	}
	if slices.Contains(k.users, c.UserID) || c.ProjectID == k.owner && !k.private {
		return true
	}
	if k.image == "" || c.ProjectID == k.owner {
		return false
	}
	img := w.image(k.image)
	return img.status.Exists() && img.visibility == image.Shared && img.owner == k.owner && holds(img.names, id) &&
		slices.Contains(w.members, sawRow{img.id, c.ProjectID})
}

// memberChanged notes whom an image is shared with.
func (w *witness) memberChanged(c table.Change) {
	at := c.Key()
	row := sawRow{strings.TrimPrefix(at.Partition, "image#"), strings.TrimSuffix(strings.TrimPrefix(at.Sort, "member#"), "\x01")}
	w.members = slices.DeleteFunc(w.members, func(r sawRow) bool { return r == row })
	if c.New != nil {
		w.members = append(w.members, row)
	}
}

// listChanged notes a key's access list. Who changes a part of it leaves the other part
// as it is.
func (w *witness) listChanged(world *world, by *actor, c table.Change) {
	var said struct {
		ACL *struct {
			Users   []string `json:"users"`
			Project bool     `json:"project_access"`
		} `json:"acl"`
	}
	if c.New != nil {
		_ = json.Unmarshal(c.New.Body, &said)
	}
	k := w.key(keyOf(c.Key()))
	before := *k
	k.users, k.private = nil, false
	if said.ACL != nil {
		k.users, k.private = said.ACL.Users, !said.ACL.Project
	}
	if m := by.access; m != nil && (m.Users == nil && !slices.Equal(k.users, before.users) || m.ProjectAccess == nil && k.private != before.private) {
		world.failed("P2: %s changed more of the access list of key %s than it was asked to", by, k.id)
	}
}

// A sawOrder is an order, and the key that it led to.
type sawOrder struct{ id, key string }

// orderChanged holds that the record of an order's key is there when the order is.
func (w *witness) orderChanged(world *world, by *actor, c table.Change) {
	var said struct{ ID, Key string }
	if c.New == nil {
		_ = json.Unmarshal(c.Old.Body, &said)
		w.orders = slices.DeleteFunc(w.orders, func(o sawOrder) bool { return o.id == said.ID })
		return
	}
	_ = json.Unmarshal(c.New.Body, &said)
	w.orders = append(w.orders, sawOrder{said.ID, said.Key})
	if k := w.key(said.Key); k.state == "" {
		world.failed("P4: %s stored an order, and there is no record of its key %s", by, said.Key)
	}
}

// keyOf is the id of the key in whose partition an item stands.
func keyOf(at table.Key) string {
	return strings.TrimSuffix(strings.TrimPrefix(at.Partition, "key#"), "\x01")
}
