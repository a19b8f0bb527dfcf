package boot

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/gander-images/gander/shared/blob"
	"github.com/gander-images/gander/shared/blob/file"
	"github.com/gander-images/gander/shared/boot/setting"
	"github.com/gander-images/gander/shared/httpapi"
	"github.com/gander-images/gander/shared/image"
	"github.com/gander-images/gander/shared/table/bolt"
)

// openLocal opens the local mix: one table file, and a folder of image data.
// Whoever has the table open has the folder for itself.
func openLocal(v setting.Values, needs httpapi.Needs) (m mix, err error) {
	if needs&(tableNeeds|bytesNeeds) == 0 {
		return m, nil
	}
	if err := makeData(v); err != nil {
		return m, err
	}
	t, err := bolt.Open(filepath.Join(v.Data, "table.db"))
	if err != nil {
		return m, err
	}
	m.table, m.store = t, localStoreInfo(v)
	m.closers = append(m.closers, t.Close)
	if needs&bytesNeeds == 0 {
		return m, nil
	}
	blobs, err := file.Open(imageFolder(v))
	if err != nil {
		return m, err
	}
	m.store.Blobs = blobs
	m.closers = append(m.closers, blobs.Close)
	return m, discardLeftovers(blobs)
}

// makeData makes the data folder, whose name must outlive what is answered.
func makeData(v setting.Values) error {
	if err := file.MakeFolder(v.Data); err != nil {
		return fmt.Errorf("GANDER_DATA: %w", err)
	}
	return nil
}

// discardLeftovers removes what writers of an earlier process began. No writer
// lives: this process alone has the folder.
func discardLeftovers(blobs blob.Store) error {
	ctx := context.Background()
	var names []string
	err := blobs.Walk(ctx, "", func(o blob.Object) error {
		if o.Unfinished {
			names = append(names, o.Name)
		}
		return nil
	})
	for _, name := range names {
		err = errors.Join(err, blobs.Discard(ctx, name))
	}
	if err != nil {
		return fmt.Errorf("clearing what was left of uploads: %w", err)
	}
	return nil
}

func imageFolder(v setting.Values) string { return filepath.Join(v.Data, "images") }

func localStoreInfo(v setting.Values) image.Store {
	return image.Store{
		ID: "local", Description: "Files on the machine that serves the API", Type: "file",
		Properties: map[string]any{"data_dir": imageFolder(v)},
	}
}
