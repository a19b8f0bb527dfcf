package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/image"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/table/bolt"
)

const builders = 128 // creates at once: one group of the table's writer

// catalogueOf makes a data folder with n images of the project of the cloud
// gander. They are made by the domain, in the service's own table, but without
// syncs and HTTP. It returns who owns them, and the ids, the oldest first.
func (b *bench) catalogueOf(ctx context.Context, name string, n int) (data string, owner login, ids []string, err error) {
	data = filepath.Join(b.dir, name)
	g, err := startGander(ctx, b.binary, data) // makes the accounts
	if err != nil {
		return "", login{}, nil, err
	}
	g.stop()
	path := filepath.Join(data, "table.db")
	if err := os.Remove(path); err != nil {
		return "", login{}, nil, err
	}
	ids, err = createAll(ctx, path, n, caller.Caller{UserID: g.member.user, ProjectID: g.member.project, Roles: []string{"member"}})
	return data, g.member, ids, err
}

func createAll(ctx context.Context, path string, n int, owner caller.Caller) (ids []string, err error) {
	t, err := bolt.Open(path, bolt.WithoutSync(), bolt.WithFeedLimits(time.Hour, 0))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, t.Close(), syncFile(path)) }()
	rules, err := policy.New(nil)
	if err != nil {
		return nil, err
	}
	add, err := rules.Authorize(policy.AddImage, owner, image.ProposedTarget(&owner.ProjectID, ""))
	if err != nil {
		return nil, err
	}
	service := &image.Service{
		Table: t, Limits: image.DefaultLimits(), Log: slog.New(slog.DiscardHandler), Now: time.Now, NewID: uuid.NewString, Pause: time.Sleep,
	}
	ids = make([]string, n)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(builders)
	for i := range n {
		group.Go(func() error {
			img, err := service.Create(ctx, add, add, nil, owner, draft(i))
			if err == nil {
				ids[i] = img.ID
			}
			return err
		})
	}
	return ids, group.Wait()
}

func draft(i int) image.Draft {
	name, raw, bare := fmt.Sprintf("image-%06d", i), "raw", "bare"
	return image.Draft{
		Name: &name, DiskFormat: &raw, ContainerFormat: &bare,
		Properties: map[string]string{"os_distro": "debian", "os_version": "13", "hw_disk_bus": "virtio"},
	}
}

// syncFile leaves the disk nothing to do while others are measured.
func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
