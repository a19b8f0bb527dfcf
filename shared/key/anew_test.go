package key_test

import (
	"context"
	"testing"

	"github.com/gander-images/gander/shared/key"
	"github.com/gander-images/gander/shared/table"
	"github.com/gander-images/gander/shared/vault"
)

// An interrupted table has something happen after its first query.
type interrupted struct {
	table.Table

	meanwhile func()
}

func (t *interrupted) Query(ctx context.Context, q table.Query) (table.Page, error) {
	page, err := t.Table.Query(ctx, q)
	if do := t.meanwhile; do != nil {
		t.meanwhile = nil
		do()
	}
	return page, err
}

// Whoever names a key that was never made here, and names it no more, takes its record
// along. The next one's record has the same revision, and is another.
func TestRecordThatCameAnewIsAnother(t *testing.T) {
	w := newWorld(t)
	w.must(w.create(stranger, imgB, names(theKey)))
	other := *w
	made := &interrupted{Table: w.table, meanwhile: func() {
		w.must(other.update(stranger, imgB, remove(key.CinderKey)))
		w.must(other.create(owner, imgA, names(theKey)))
	}}
	w.use(made, w.vault)
	if _, err := w.keys.Create(w.ctx(), key.New{ID: theKey, Owner: "a", Value: []byte("x")}); !key.Changed(err) {
		t.Errorf("a key was made over a record that had not been read: %v", err)
	}
	w.audit()
}

// An interrupted vault has something happen after it has made a secret.
type interruptedVault struct {
	vault.Vault

	meanwhile func()
}

func (v interruptedVault) Create(ctx context.Context, n vault.Name, value []byte) error {
	err := v.Vault.Create(ctx, n, value)
	v.meanwhile()
	return err
}

// The last image that named a key before it was moved here may be purged while it is
// made: what it wished counts as if it had been purged right after.
func TestWishesWhileAKeyIsMade(t *testing.T) {
	for policy, want := range map[string]key.State{key.OnImageDeletion: key.Condemned, "do_not_delete": key.Live} {
		w := newWorld(t)
		w.must(w.create(owner, imgA, map[string]string{key.CinderKey: theKey, key.CinderPolicy: policy}))
		w.must(w.delete(imgA))
		other := *w
		w.use(w.table, interruptedVault{w.vault, func() { w.must(other.purge(imgA)) }})
		w.must(w.makes(owner))
		if r := w.record(theKey); r.State != want || r.Holders != 0 {
			t.Errorf("%s: the key is %s, and %d hold it", policy, r.State, r.Holders)
		}
		w.audit()
	}
}
