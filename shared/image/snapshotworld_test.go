package image

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/due"
	"github.com/gander-images/gander/shared/key"
	"github.com/gander-images/gander/shared/key/keytest"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/table"
	"github.com/gander-images/gander/shared/table/memory"
	"github.com/gander-images/gander/shared/vault"
	vaultmemory "github.com/gander-images/gander/shared/vault/memory"
)

const (
	theServer = "aaaaaaaa-0000-4000-8000-000000000001"
	theKey    = "5f3e2d1c-0b9a-4887-a6f5-e4d3c2b1a090"
	theSecond = "6f3e2d1c-0b9a-4887-a6f5-e4d3c2b1a090"
	onDelete  = key.OnImageDeletion
)

// A darkroom is where snapshots are made: images and keys in memory, with a clock that
// only the test moves.
type darkroom struct {
	t      *testing.T
	table  *memory.Table
	vault  *vaultmemory.Vault
	clock  time.Time
	images *Service
	rules  *policy.Enforcer
}

func newDarkroom(t *testing.T) *darkroom {
	t.Helper()
	rules, err := policy.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	w := &darkroom{t: t, table: memory.New(), clock: time.Date(2026, 7, 1, 9, 0, 0, 0, time.UTC), rules: rules}
	w.vault = vaultmemory.New(w.now)
	w.use(w.table, w.vault)
	return w
}

func (w *darkroom) now() time.Time { return w.clock }

// fork is the same room, in which what happens does not happen here.
func (w *darkroom) fork() *darkroom {
	next := *w
	next.table = w.table.Fork()
	next.vault = vaultmemory.New(next.now)
	next.vault.Load(w.vault.Snapshot())
	next.use(next.table, next.vault)
	return &next
}

func (w *darkroom) use(t table.Table, v vault.Vault) {
	quiet := slog.New(slog.DiscardHandler)
	w.images = &Service{
		Table: t, Limits: DefaultLimits(), Retention: time.Hour, Lease: time.Minute, NotInherited: []string{"cache_in_nova", "bittorrent"},
		Keys: &key.Service{Table: t, Vault: v, Delay: time.Hour, Window: 7 * 24 * time.Hour, Log: quiet, Now: w.now, NewID: uuid.NewString},
		Log:  quiet, Now: w.now, NewID: uuid.NewString, Pause: func(time.Duration) {},
	}
}

func (w *darkroom) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// key makes a key of a project.
func (w *darkroom) key(id, owner, value string) *key.Record {
	w.t.Helper()
	r, err := w.images.Keys.Create(w.t.Context(), key.New{
		ID: id, Owner: owner, Creator: "somebody", Value: []byte(value), Metadata: key.Metadata{
			Name: "mine", Algorithm: "aes", BitLength: 256, Mode: "xts", ContentType: "application/octet-stream", ACL: &key.ACL{Users: []string{"friend"}},
		},
	})
	w.must(err)
	return r
}

// source makes an active image.
func (w *darkroom) source(c caller.Caller, properties map[string]string) *Image {
	w.t.Helper()
	grant, err := w.rules.Authorize(policy.AddImage, c, ProposedTarget(&c.ProjectID, Shared))
	w.must(err)
	disk, container := "qcow2", "bare"
	img, err := w.images.Create(w.t.Context(), grant, policy.Grant{}, nil, c, Draft{
		DiskFormat: &disk, ContainerFormat: &container, MinRAM: 512, MinDisk: 10, Properties: properties, Tags: []string{"tag"}, Protected: true,
	})
	w.must(err)
	next := img.clone()
	next.Status = Active
	w.must(w.images.save(w.t.Context(), img, next))
	return next
}

// snapshot makes one as the API would have the caller make it.
func (w *darkroom) snapshot(c caller.Caller, p Protection, d SnapshotDraft) (*Image, error) {
	w.t.Helper()
	var rights SnapshotRights
	var err error
	rights.Snapshot, err = w.rules.Authorize(policy.SnapshotImage, c, policy.Attributes{"instance_project_id": d.Project})
	w.must(err)
	rights.Add, err = w.rules.Authorize(policy.AddImage, c, ProposedTarget(&c.ProjectID, d.Visibility(c)))
	w.must(err)
	if d.Source != nil {
		rights.Get, err = w.rules.Authorize(policy.GetImage, c, Target(d.Source, c))
		w.must(err)
	}
	rights.Decrypt = func(ctx context.Context, r *key.Record) (policy.Grant, error) {
		reads, err := w.images.ReadsKey(ctx, c.ProjectID, r)
		if err != nil {
			return policy.Grant{}, err
		}
		var owner any
		if r != nil && r.Owner != "" {
			owner = r.Owner
		}
		return w.rules.Authorize(policy.SecretDecrypt, c, policy.Attributes{"project_id": owner, "reader": reads})
	}
	return w.images.Snapshot(w.t.Context(), rights, p, c, d)
}

// of is the draft of a snapshot of a server of the demo project.
func of(source *Image) SnapshotDraft {
	return SnapshotDraft{Source: source, Instance: theServer, Project: "demo", Name: "snap", Kind: Plain}
}

// found returns a key's record; nil where there is none.
func (w *darkroom) found(id string) *key.Record {
	w.t.Helper()
	r, err := w.images.Keys.Find(w.t.Context(), id)
	w.must(err)
	return r
}

func (w *darkroom) secrets() map[vault.Name]vault.Secret {
	all := map[vault.Name]vault.Secret{}
	w.must(w.vault.List(w.t.Context(), func(s vault.Secret) error { all[s.Name] = s; return nil }))
	return all
}

// audit holds that keys, holders and secrets agree.
func (w *darkroom) audit() {
	w.t.Helper()
	for _, fault := range keytest.Faults(w.table.All(), w.secrets()) {
		w.t.Error(fault)
	}
}

// elapse lets time pass and does what is due then.
func (w *darkroom) elapse(d time.Duration) {
	w.t.Helper()
	w.clock = w.clock.Add(d)
	handlers := w.images.Handlers()
	maps.Copy(handlers, w.images.Keys.Handlers())
	runner := &due.Runner{Table: w.images.Table, Handlers: handlers, Now: w.now, Log: w.images.Log}
	w.must(runner.Sweep(w.t.Context()))
}

// left lists what is stored now and was not before, by partition.
func (w *darkroom) left(before map[table.Key]table.Item) []string {
	var list []string
	for k, item := range w.table.All() {
		if was, had := before[k]; !had || was.Revision != item.Revision {
			list = append(list, fmt.Sprintf("%s %s", k.Partition, k.Sort))
		}
	}
	slices.Sort(list)
	return list
}
