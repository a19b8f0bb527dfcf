package key_test

import (
	"fmt"
	"strings"

	"github.com/gander-images/gander/shared/key/keytest"
	"github.com/gander-images/gander/shared/table"
	"github.com/gander-images/gander/shared/vault"
)

// items is the whole table.
func (w *world) items() map[table.Key]table.Item {
	all := map[table.Key]table.Item{}
	for _, c := range w.table.Since(0) {
		if c.New == nil {
			delete(all, c.Key())
		} else {
			all[c.Key()] = *c.New
		}
	}
	return all
}

func (w *world) secrets() map[vault.Name]vault.Secret {
	all := map[vault.Name]vault.Secret{}
	for _, s := range w.vault.Snapshot().Secrets {
		all[s.Name] = vault.Secret{Name: s.Name, Scheduled: !s.GoneAt.IsZero(), GoneAt: s.GoneAt}
	}
	return all
}

// audit holds everything stored against itself.
func (w *world) audit() {
	w.t.Helper()
	for _, fault := range w.faults() {
		w.t.Error(fault)
	}
}

func (w *world) faults() []string { return keytest.Faults(w.items(), w.secrets()) }

// show tells all about a key: state, generation, holders and those that are its owner's, wishes,
// when it is due from now, and the secrets that there are.
func (w *world) show(id string) string {
	r := w.record(id)
	var b strings.Builder
	if r == nil {
		b.WriteString("none")
	} else {
		fmt.Fprintf(&b, "%s %d/%d", r.State, r.Holders, r.Own)
		for _, mark := range []struct {
			set  bool
			text string
		}{
			{r.WishDelete, " delete"}, {r.WishKeep, " keep"}, {r.Confirmed, " confirmed"}, {r.Restoring, " restoring"},
		} {
			if mark.set {
				b.WriteString(mark.text)
			}
		}
		if !r.Due.IsZero() {
			fmt.Fprintf(&b, " in %s", r.Due.Sub(w.now()))
		}
	}
	secrets := w.secrets()
	for generation := 1; generation < 5; generation++ {
		secret, ok := secrets[vault.Name{Key: id, Generation: generation}]
		switch {
		case ok && secret.Scheduled:
			fmt.Fprintf(&b, ", %d ends", generation)
		case ok:
			fmt.Fprintf(&b, ", %d", generation)
		}
	}
	return b.String()
}
