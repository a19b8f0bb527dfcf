package image

import (
	"context"
	"errors"
	"testing"

	"github.com/google/uuid"

	"github.com/gander-images/gander/shared/key"
	"github.com/gander-images/gander/shared/vault"
)

// fullVault takes so many secrets and no more.
type fullVault struct {
	vault.Vault
	room int
}

func (v *fullVault) Create(ctx context.Context, name vault.Name, value []byte) error {
	if v.room--; v.room < 0 {
		return vault.ErrBusy
	}
	return v.Vault.Create(ctx, name, value)
}

// When the second key cannot be cloned, the first clone is given up at once, not when
// somebody finds it.
func TestSnapshotGivesUpAtOnce(t *testing.T) {
	w := newDarkroom(t)
	w.key(theKey, "demo", "one")
	w.key(theSecond, "demo", "two")
	source := w.source(demo, map[string]string{key.CinderKey: theKey, key.ImageKey: theSecond})
	w.use(w.table, &fullVault{w.vault, 1})
	var ids []string
	w.images.NewID = func() string {
		ids = append(ids, uuid.NewString())
		return ids[len(ids)-1]
	}
	if img, err := w.snapshot(demo, nil, of(source)); !errors.Is(err, vault.ErrBusy) {
		t.Errorf("made: %v, %v", img, err)
	}
	clones := 0
	for _, id := range ids {
		if r := w.found(id); r != nil {
			clones++
			if r.State != key.Abandoned {
				t.Errorf("a clone is %s", r.State)
			}
		}
	}
	if clones != 2 {
		t.Errorf("%d clones had begun", clones)
	}
}
