package key_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/due"
	"github.com/gander-images/gander/shared/image"
	"github.com/gander-images/gander/shared/key"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/table"
	"github.com/gander-images/gander/shared/table/memory"
	"github.com/gander-images/gander/shared/vault"
	vaultmemory "github.com/gander-images/gander/shared/vault/memory"
)

const (
	theKey   = "5f3e2d1c-0b9a-4887-a6f5-e4d3c2b1a090"
	otherKey = "11111111-2222-4333-8444-555555555555"
	unknown  = "99999999-8888-4777-9666-555555555555"

	delay     = time.Hour
	window    = 7 * 24 * time.Hour
	retention = 24 * time.Hour
)

var (
	owner    = person("a")
	stranger = person("b")
	admin    = caller.Caller{UserID: "root", ProjectID: "admin", Roles: []string{"admin", "manager", "member", "reader"}, Admin: true}
)

func person(project string) caller.Caller {
	return caller.Caller{UserID: "user-" + project, ProjectID: project, Roles: []string{"member", "reader"}}
}

// A world is keys and images over a table and a vault in memory, with a clock that only
// the test moves.
type world struct {
	t      testing.TB
	table  *memory.Table
	vault  *vaultmemory.Vault
	clock  *time.Time
	rules  *policy.Enforcer
	keys   *key.Service
	images *image.Service
}

func newWorld(t testing.TB) *world {
	t.Helper()
	rules, err := policy.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, table: memory.New(), clock: new(time.Time), rules: rules}
	*w.clock = time.Date(2026, 7, 1, 9, 0, 0, 0, time.UTC)
	w.vault = vaultmemory.New(w.now)
	w.use(w.table, w.vault)
	return w
}

func (w *world) now() time.Time { return *w.clock }

// use builds the services anew over the ports given, as a restart does.
func (w *world) use(t table.Table, v vault.Vault) {
	quiet := slog.New(slog.DiscardHandler)
	w.keys = &key.Service{Table: t, Vault: v, Delay: delay, Window: window, Log: quiet, Now: w.now, NewID: uuid.NewString}
	w.images = &image.Service{
		Table: t, Keys: w.keys, Limits: image.DefaultLimits(), Retention: retention, Lease: time.Minute,
		Log: quiet, Now: w.now, NewID: uuid.NewString, Pause: func(time.Duration) {},
	}
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// grant asks the real rules; who is refused has a grant that permits nothing.
func (w *world) grant(rule policy.Rule, c caller.Caller, project string) policy.Grant {
	g, err := w.rules.Authorize(rule, c, policy.Attributes{"project_id": project, "owner": project, "visibility": "shared", "reader": false})
	if err != nil {
		return policy.Grant{}
	}
	return g
}

func (w *world) create(c caller.Caller, id string, properties map[string]string) error {
	_, err := w.images.Create(w.ctx(), w.grant(policy.AddImage, c, c.ProjectID), policy.Grant{}, nil, c,
		image.Draft{ID: &id, Properties: properties})
	return err
}

func (w *world) ctx() context.Context { return context.Background() }

// found returns the image in whatever state; nil where there never was one.
func (w *world) found(id string) *image.Image {
	w.t.Helper()
	img, err := w.images.Find(w.ctx(), id)
	w.must(err)
	return img
}

func (w *world) update(c caller.Caller, id string, changes ...image.Change) error {
	img, err := w.images.Find(w.ctx(), id)
	if err != nil {
		return err
	}
	ask := func(rule policy.Rule) (policy.Grant, error) { return w.grant(rule, c, *img.Owner), nil }
	_, err = w.images.Update(w.ctx(), ask, nil, c, img, changes)
	return err
}

func set(name, value string) image.Change {
	return image.Change{Op: image.Add, Name: name, Value: image.Value{Text: &value}}
}

func remove(name string) image.Change { return image.Change{Op: image.Remove, Name: name} }

func (w *world) delete(id string) error {
	img, err := w.images.Find(w.ctx(), id)
	if err != nil {
		return err
	}
	return w.images.Delete(w.ctx(), w.grant(policy.DeleteImage, admin, *img.Owner), admin, img)
}

func (w *world) restoreImage(id string) error {
	img, err := w.images.Find(w.ctx(), id)
	if err != nil {
		return err
	}
	_, err = w.images.Restore(w.ctx(), w.grant(policy.RestoreImage, admin, *img.Owner), admin, id, img)
	return err
}

// purge has a deleted image go for good, without the clock moving on.
func (w *world) purge(id string) error {
	img, err := w.images.Find(w.ctx(), id)
	if err != nil || img.Deletion == nil {
		return err // it is gone already
	}
	e := due.New(image.PurgeKind, img.Deletion.PurgeAt, strings.ToLower(id), map[string]string{"image": id})
	return w.images.Purge(w.ctx(), e)
}

// end deletes an image and has it go for good.
func (w *world) end(id string) error {
	if err := w.delete(id); err != nil {
		return err
	}
	return w.purge(id)
}

func (w *world) makeKey(id string) {
	w.t.Helper()
	_, err := w.keys.Create(w.ctx(), newKey(id, "a"))
	w.must(err)
}

func newKey(id, project string) key.New {
	return key.New{ID: id, Owner: project, Creator: "user-" + project, Value: []byte("value of " + id)}
}

// makes has somebody make the key under its id, as whoever moves keys here does.
func (w *world) makes(c caller.Caller) error {
	_, err := w.keys.Create(w.ctx(), newKey(theKey, c.ProjectID))
	return err
}

func (w *world) record(id string) *key.Record {
	r, err := w.keys.Find(w.ctx(), id)
	w.must(err)
	return r
}

var volume = key.Consumer{Service: "volume", Type: "volumes", ID: "v-1"}

func (w *world) addConsumer() error {
	r, err := w.keys.Find(w.ctx(), theKey)
	if err != nil || r == nil {
		return errors.Join(err, key.ErrNotFound)
	}
	_, err = w.keys.AddConsumer(w.ctx(), w.grant(policy.ConsumersPost, owner, "a"), r, volume)
	return err
}

func (w *world) removeConsumer() error {
	r, err := w.keys.Find(w.ctx(), theKey)
	if err != nil || r == nil {
		return errors.Join(err, key.ErrNotFound)
	}
	_, err = w.keys.RemoveConsumer(w.ctx(), w.grant(policy.ConsumersDelete, owner, "a"), r, volume)
	return err
}

func (w *world) removeKey(c caller.Caller, force bool) error {
	r, err := w.keys.Find(w.ctx(), theKey)
	if err != nil || r == nil {
		return errors.Join(err, key.ErrNotFound)
	}
	return w.keys.Remove(w.ctx(), w.grant(policy.SecretDelete, c, "a"), w.grant(policy.ForceDeleteSecret, c, "a"), r, force)
}

func (w *world) restoreKey() error {
	r, err := w.keys.Find(w.ctx(), theKey)
	if err != nil || r == nil {
		return errors.Join(err, key.ErrNotFound)
	}
	_, err = w.keys.Restore(w.ctx(), w.grant(policy.ManageKeys, admin, "a"), r)
	return err
}

// sweep does all that is due now.
func (w *world) sweep() error {
	handlers := w.images.Handlers()
	for kind, handler := range w.keys.Handlers() {
		handlers[kind] = handler
	}
	r := due.Runner{Table: w.keys.Table, Handlers: handlers, Now: w.now, Log: w.keys.Log}
	return r.Sweep(w.ctx())
}
