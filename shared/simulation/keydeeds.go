package simulation

import (
	"fmt"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/key"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
)

// ownerOfKey is the project that makes a key.
func ownerOfKey(id string) string {
	if id == keyB {
		return projectB
	}
	return projectA
}

func makeKey(id string) deed {
	return deed{name: "make " + short(id), do: func(a *actor) error {
		owner := ownerOfKey(id)
		if _, err := rules().Authorize(policy.SecretsPost, member(owner), policy.Attributes{"project_id": owner}); err != nil {
			return err
		}
		_, err := a.keys.Create(background, key.New{ID: id, Owner: owner, Creator: "creator", Value: []byte(valueOf(id))})
		return err
	}}
}

// secretOf finds a key and decides what the caller may do with it.
func (a *actor) secretOf(id string, c caller.Caller, rule policy.Rule) (r *key.Record, grant policy.Grant, err error) {
	r, err = a.keys.Find(background, id)
	if err != nil {
		return nil, grant, err
	}
	if r == nil || r.Owner == "" {
		return nil, grant, key.ErrNotFound
	}
	grant, err = rules().Authorize(rule, c, policy.Attributes{"project_id": r.Owner})
	return r, grant, err
}

// removeKey deletes a key by hand.
func removeKey(id string, how force) deed {
	name := [...]string{"", "delete", "force", "overrule"}[how]
	return deed{name: name + " " + short(id), do: func(a *actor) error {
		c := member(ownerOfKey(id))
		if how == anybody {
			c = operator
		}
		return again(func() error {
			r, grant, err := a.secretOf(id, c, policy.SecretDelete)
			if err != nil {
				return err
			}
			overrules, _ := rules().Authorize(policy.ForceDeleteSecret, c, policy.Attributes{"project_id": r.Owner})
			a.force = how
			defer func() { a.force = automatic }()
			err = a.keys.Remove(background, grant, overrules, r, how != nobody)
			a.run.world.hostage(id, how, err)
			return err
		})
	}}
}

// hostage looks whether an owner's forced deletion was refused for images of others.
func (w *world) hostage(id string, how force, err error) {
	if how == nobody || !problem.Is(err, problem.Conflict) || key.Changed(err) {
		return
	}
	if _, own := w.witness.holders(id); own == 0 || how == anybody {
		w.failed("P5: the forced deletion of key %s was refused, though %d of its own hold it: %v", id, own, err)
	}
}

func consumer(n int) key.Consumer {
	return key.Consumer{Service: "volume", Type: "volumes", ID: fmt.Sprint("v-", n)}
}

func join(id string, n int) deed {
	return deed{name: "join " + short(id), do: func(a *actor) error {
		return again(func() error {
			r, grant, err := a.secretOf(id, member(ownerOfKey(id)), policy.ConsumersPost)
			if err == nil {
				_, err = a.keys.AddConsumer(background, grant, r, consumer(n))
			}
			return err
		})
	}}
}

func leave(id string, n int) deed {
	return deed{name: "leave " + short(id), do: func(a *actor) error {
		return again(func() error {
			r, grant, err := a.secretOf(id, member(ownerOfKey(id)), policy.ConsumersDelete)
			if err == nil {
				_, err = a.keys.RemoveConsumer(background, grant, r, consumer(n))
			}
			return err
		})
	}}
}

// bringBack is an operator who restores a key.
func bringBack(id string) deed {
	return deed{name: "bring back " + short(id), do: func(a *actor) error {
		return again(func() error {
			r, grant, err := a.secretOf(id, operator, policy.ManageKeys)
			if err == nil {
				_, err = a.keys.Restore(background, grant, r)
			}
			return err
		})
	}}
}

var (
	sweeper = deed{name: "sweeper", do: sweep}
	reaper  = deed{name: "reaper", do: react}
)
