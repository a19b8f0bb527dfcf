package main

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/gander-images/gander/shared/blob"
	"github.com/gander-images/gander/shared/blob/file"
	"github.com/gander-images/gander/shared/image/imagetest"
	"github.com/gander-images/gander/shared/table/bolt"
)

// leftovers lists what a stopped service's folder holds for nothing, or lacks:
// first by the names on the disk, before anything tidies them, then by comparing
// table and store.
func leftovers(ctx context.Context, data string) (found []string, err error) {
	images := filepath.Join(data, "images")
	for _, pattern := range []string{filepath.Join(images, "unfinished", "*"), filepath.Join(data, ".*.tmp"), filepath.Join(data, "vault", "unfinished", "*"), filepath.Join(data, "*.new")} {
		left, err := filepath.Glob(pattern)
		if err != nil {
			return nil, err
		}
		found = append(found, left...)
	}
	faults, err := audit(ctx, data, images)
	return append(found, faults...), err
}

func audit(ctx context.Context, data, images string) (faults []string, err error) {
	table, err := bolt.Open(filepath.Join(data, "table.db"))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, table.Close()) }()
	store, err := file.Open(images)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	world, err := imagetest.Read(ctx, table, map[string]blob.Store{"local": store})
	if err != nil {
		return nil, err
	}
	faults = world.Faults()
	of, err := keyFaults(ctx, data, table)
	return append(faults, of...), err
}
