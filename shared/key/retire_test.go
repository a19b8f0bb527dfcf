package key_test

import (
	"testing"
	"time"

	"github.com/gander-images/gander/shared/due"
	"github.com/gander-images/gander/shared/key"
	"github.com/gander-images/gander/shared/table"
	"github.com/gander-images/gander/shared/vault"
)

// A generation can have two entries: one of a restore that came to nothing, one of the
// round that found its secret. The first must not be met again at every sweep until
// the other is.
func TestTwoEntriesOfOneGenerationBecomeOne(t *testing.T) {
	w := newWorld(t)
	w.makeKey(theKey)
	w.must(w.vault.Create(w.ctx(), vault.Name{Key: theKey, Generation: 2}, []byte("x")))
	for _, early := range []time.Duration{time.Hour, 2 * time.Hour} {
		body := map[string]any{"key": theKey, "generation": 2, "since": w.now().Add(-early)}
		e := due.New(key.RetiredKind, w.now().Add(-early), theKey+"/2", body)
		outcome, err := w.table.Transact(w.ctx(), e.Put())
		if err != nil || !outcome.OK() {
			t.Fatal(outcome, err)
		}
	}
	w.must(w.sweep())
	page, err := w.table.Query(w.ctx(), table.Query{Partition: "due#" + key.RetiredKind + "#0", Limit: 10})
	w.must(err)
	if len(page.Items) != 1 || page.Items[0].Sort < w.now().Format(time.DateOnly) {
		t.Errorf("due after the sweep: %+v, want one entry, of later", page.Items)
	}
}
