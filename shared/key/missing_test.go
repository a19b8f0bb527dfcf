package key_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/task"
	"github.com/gander-images/gander/shared/vault"
)

// damaged is a vault that cannot read some of what it has.
type damaged struct {
	vault.Vault
	names map[vault.Name]bool
}

func (d damaged) Describe(ctx context.Context, n vault.Name) (vault.Secret, error) {
	if d.names[n] {
		return vault.Secret{}, vault.ErrDamaged
	}
	return d.Vault.Describe(ctx, n)
}

// Secrets that cannot be read are told of as those are that are gone, however many there
// are, and keep no round from its end. They stay where they are, and so do their keys.
func TestDamagedSecretsAreToldOf(t *testing.T) {
	w := newWorld(t)
	held(w)
	names, found := map[vault.Name]bool{name(theKey, 1): true}, []string{"missing " + theKey + " 1"}
	for i := range 20 {
		id := fmt.Sprintf("%08d-0000-4000-8000-000000000000", i)
		w.makeKey(id)
		w.must(w.vault.Create(w.ctx(), name(id, 2), []byte("left over")))
		w.must(w.vault.Create(w.ctx(), name("nobody"+id, 1), []byte("whose?")))
		names[name(id, 1)], found = true, append(found, "missing "+id+" 1", "unrecorded nobody"+id+" 1")
		names[name("nobody"+id, 1)] = true
	}
	*w.clock = w.now().Add(time.Hour)
	w.use(w.table, damaged{w.vault, names})
	for range 2 {
		w.hour()
		slices.Sort(found)
		if got := w.findings(); !slices.Equal(got, found) || len(w.told(imgA)) != 1 {
			t.Errorf("told of %q, and the owner %q", got, w.told(imgA))
		}
	}
	w.use(w.table, w.vault)
	w.hour()
	if got := w.findings(); len(got) != 20 { // those of nobody
		t.Errorf("still told of %q", got)
	}
	if got := w.show(theKey); got != "live 2/1, 1" {
		t.Errorf("the key is %s", got)
	}
}

// An image that names a key after it was found missing is told, too.
func TestLaterImagesAreToldOfMissingKeys(t *testing.T) {
	w := newWorld(t)
	held(w)
	w.drop(name(theKey, 1))
	w.hour()
	w.must(w.create(owner, imgA2, names(theKey, "on_image_deletion")))
	w.hour()
	w.hour()
	for _, id := range []string{imgA, imgA2} {
		if got := w.told(id); len(got) != 1 {
			t.Errorf("image %s is told %q", id, got)
		}
	}
	for range 4 {
		*w.clock = w.now().Add(task.Life)
		w.must(w.sweep())
		w.hour()
	}
	for _, id := range []string{imgA, imgA2} {
		if got := w.told(id); len(got) != 0 {
			t.Errorf("image %s is told %q again", id, got)
		}
	}
}
