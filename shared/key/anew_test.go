package key_test

import (
	"context"
	"testing"

	"github.com/gander-images/gander/shared/key"
	"github.com/gander-images/gander/shared/table"
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
