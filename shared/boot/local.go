package boot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"

	"github.com/gander-images/gander/shared/blob"
	"github.com/gander-images/gander/shared/blob/file"
	"github.com/gander-images/gander/shared/boot/setting"
	"github.com/gander-images/gander/shared/httpapi"
	"github.com/gander-images/gander/shared/image"
	"github.com/gander-images/gander/shared/table/bolt"
	"github.com/gander-images/gander/shared/vault/local"
)

// openLocal opens the local mix: one table file, and a folder of image data.
// Whoever has the table open has the folder for itself.
func openLocal(v setting.Values, needs httpapi.Needs, log *slog.Logger) (m mix, err error) {
	if needs&(tableNeeds|bytesNeeds|secretNeeds) == 0 {
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
	if needs&secretNeeds != 0 {
		keys, err := openVault(v, log)
		if err != nil {
			return m, err
		}
		m.vault = keys
		m.closers = append(m.closers, keys.Close)
	}
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

// openVault opens the sealed keys, beside which lies the key that they are sealed
// with, unless it was given a place elsewhere.
func openVault(v setting.Values, log *slog.Logger) (*local.Vault, error) {
	folder, keyFile := filepath.Join(v.Data, "vault"), v.VaultKeyFile
	if keyFile == "" {
		keyFile = filepath.Join(v.Data, "vault.key")
	}
	if err := file.MakeFolder(folder); err != nil {
		return nil, fmt.Errorf("GANDER_DATA: %w", err)
	}
	keys, err := local.Open(folder, keyFile, local.WithLog(log))
	if err != nil {
		return nil, fmt.Errorf("GANDER_VAULT_KEY_FILE: %w", err)
	}
	return keys, nil
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
