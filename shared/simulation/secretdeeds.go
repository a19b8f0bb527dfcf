package simulation

import (
	"fmt"
	"slices"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/image"
	"github.com/gander-images/gander/shared/key"
	"github.com/gander-images/gander/shared/key/order"
	"github.com/gander-images/gander/shared/policy"
)

// A which finds a key when its deed begins: one that is known, or one whose id the
// product chose.
type which func(w *world) string

func known(id string) which { return func(*world) string { return id } }

// ordered is the first key that an order made; none: an id that nothing has.
func ordered(w *world) string {
	if len(w.witness.orders) == 0 {
		return keyX
	}
	return w.witness.orders[0].key
}

// clone is the first key that was made for a snapshot; none: an id that nothing has.
func clone(w *world) string {
	for i := range w.witness.keys {
		if k := &w.witness.keys[i]; k.image != "" {
			return k.id
		}
	}
	return keyX
}

// readable is what the key manager does before it acts on a secret: it finds it, and
// who may read it, and asks policy.
func (a *actor) readable(id string, c caller.Caller, rule policy.Rule) (secret *key.Secret, grant policy.Grant, err error) {
	if secret, err = a.keys.Secret(background, id); err != nil {
		return nil, grant, err
	}
	reads := false
	if c.ProjectID != secret.Record.Owner {
		if reads, err = a.images.ReadsKey(background, c.ProjectID, secret.Record); err != nil {
			return nil, grant, err
		}
	}
	grant, err = rules().Authorize(rule, c, key.SecretTarget(secret, c, reads))
	return secret, grant, err
}

// reserve makes a key whose payload comes later.
func reserve(id string) deed {
	return deed{name: "reserve " + short(id), do: func(a *actor) error {
		owner := ownerOfKey(id)
		if _, err := rules().Authorize(policy.SecretsPost, member(owner), policy.Attributes{"project_id": owner}); err != nil {
			return err
		}
		_, err := a.keys.Reserve(background, key.New{ID: id, Owner: owner, Creator: "creator"})
		return err
	}}
}

// payload is one of the values that callers give a key which waits for one.
func payload(id string, n int) []byte { return fmt.Appendf(nil, "payload %d of %s", n, id) }

// fill gives a key its payload. Once it is answered, that is the key for good.
func fill(id string, n int) deed {
	return deed{name: fmt.Sprintf("fill %s %d", short(id), n), do: func(a *actor) error {
		value := payload(id, n)
		err := again(func() error {
			secret, grant, err := a.readable(id, member(ownerOfKey(id)), policy.SecretsPost)
			if err != nil {
				return err
			}
			return a.keys.Fill(background, grant, secret, value, "application/octet-stream")
		})
		if k := a.run.world.witness.key(id); err == nil && !a.run.world.witness.restored && k.value != string(value) {
			a.run.world.failed("P4: %s was answered, and key %s, which is %q, has the value %q", a, id, k.state, k.value)
		}
		return err
	}}
}

// giveUp deletes a key that waits for its payload.
func giveUp(id string) deed {
	return deed{name: "discard " + short(id), do: func(a *actor) error {
		return again(func() error {
			secret, grant, err := a.readable(id, member(ownerOfKey(id)), policy.SecretDelete)
			if err == nil {
				err = a.keys.Discard(background, grant, secret)
			}
			return err
		})
	}}
}

// place orders a key. Once it is answered, the key is there.
var place = deed{name: "order a key", do: func(a *actor) error {
	c := member(projectA)
	grant, err := rules().Authorize(policy.OrdersPost, c, policy.Attributes{"project_id": c.ProjectID})
	if err != nil {
		return err
	}
	a.draws = true // and what is drawn by chance is the same in each play
	defer func() { a.draws = false }()
	draft := key.New{Owner: c.ProjectID, Creator: "creator", Metadata: key.Metadata{Algorithm: "aes", BitLength: 256}}
	o, err := order.Service{Keys: a.keys}.Place(background, grant, draft, nil)
	if w := a.run.world.witness; err == nil && !w.restored && w.key(o.Key).value == "" {
		a.run.world.failed("P4: %s was answered, and its key %s was never there", a, o.Key)
	}
	return err
}}

// cancel removes the project's first order.
var cancel = deed{name: "cancel an order", do: func(a *actor) error {
	c := member(projectA)
	orders := order.Service{Keys: a.keys}
	return again(func() error {
		grant, err := rules().Authorize(policy.SecretGet, c, policy.Attributes{"project_id": c.ProjectID, "reader": false})
		if err != nil {
			return err
		}
		page, err := orders.List(background, grant, c.ProjectID, 1, 0, func(*order.Order) (bool, error) { return true, nil })
		if err != nil || len(page.Orders) == 0 {
			return err
		}
		if grant, err = rules().Authorize(policy.OrderDelete, c, policy.Attributes{"project_id": page.Orders[0].Owner}); err != nil {
			return err
		}
		return orders.Cancel(background, grant, page.Orders[0])
	})
}}

// nameOrdered has an image name the key that was ordered.
func nameOrdered(img string) deed {
	return deed{name: "name the ordered key by " + short(img), do: func(a *actor) error {
		return nameKey(img, ordered(a.run.world)).do(a)
	}}
}

// removeOrdered deletes the key that was ordered.
var removeOrdered = deed{name: "delete the ordered key", do: func(a *actor) error {
	return removeKey(ordered(a.run.world), nobody).do(a)
}}

// setACL says who else reads a key, and whether its project does; nil leaves either
// as it is.
func setACL(id string, users []string, project *bool) deed {
	name := fmt.Sprintf("let %v read %s", users, short(id))
	if project != nil {
		name += fmt.Sprintf(", its project: %t", *project)
	}
	return deed{name: name, do: func(a *actor) error {
		return again(func() error {
			secret, grant, err := a.readable(id, operator, policy.SecretACLsPut)
			if err != nil {
				return err
			}
			change := key.ACLChange{ProjectAccess: project}
			if users != nil {
				change.Users = &users
			}
			a.access = &change
			defer func() { a.access = nil }()
			return a.keys.SetACL(background, grant, secret, change, true)
		})
	}}
}

func removeACL(id string) deed {
	return deed{name: "let only its project read " + short(id), do: func(a *actor) error {
		return again(func() error {
			secret, grant, err := a.readable(id, operator, policy.SecretACLsPut)
			if err == nil {
				err = a.keys.RemoveACL(background, grant, secret)
			}
			return err
		})
	}}
}

// lent is the first snapshot that is there; none: an id that nothing has.
func lent(w *world) string {
	for _, img := range w.witness.images {
		if !slices.Contains(allImages, img.id) && img.status.Exists() {
			return img.id
		}
	}
	return imageS
}

// changeLent changes the first snapshot, as its owner or an administrator does.
func changeLent(name string, change image.Change) deed {
	return deed{name: name, do: func(a *actor) error {
		return patch(name, lent(a.run.world), operator, change).do(a)
	}}
}

var hideLent = changeLent("make the snapshot private", set("visibility", string(image.Private)))

// share shares the first snapshot with a project.
func share(project string) deed {
	return deed{name: "share with " + project, do: func(a *actor) error {
		return a.member(policy.AddMember, func(g policy.Grant, img *image.Image) error {
			_, err := a.images.AddMember(background, g, img, project)
			return err
		})
	}}
}

// unshare ends that.
func unshare(project string) deed {
	return deed{name: "share no more with " + project, do: func(a *actor) error {
		return a.member(policy.DeleteMember, func(g policy.Grant, img *image.Image) error {
			get, err := policy.AuthorizeImage(rules(), policy.GetMember, operator, image.Target(img, operator))
			if err != nil {
				return err
			}
			m, err := a.images.Member(background, get, operator, img, project)
			if err != nil {
				return err
			}
			return a.images.RemoveMember(background, g, img, m)
		})
	}}
}

// member changes who the first snapshot is shared with.
func (a *actor) member(rule policy.Rule, do func(policy.Grant, *image.Image) error) error {
	return again(func() error {
		img, err := a.images.Get(background, operator, lent(a.run.world))
		if err != nil {
			return err
		}
		grant, err := policy.AuthorizeImage(rules(), rule, operator, image.Target(img, operator))
		if err != nil {
			return err
		}
		return do(grant, img)
	})
}
