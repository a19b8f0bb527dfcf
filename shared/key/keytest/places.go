package keytest

import (
	"strings"
	"time"

	"github.com/gander-images/gander/shared/table"
	"github.com/gander-images/gander/shared/vault"
)

// momentLayout is how places in lists begin.
const momentLayout = "20060102T150405.000000"

// judgeDue holds due entries and records against each other: one entry at the time
// that the record says, and no other.
func (w *world) judgeDue() {
	found := map[string]int{}
	for key, item := range w.items {
		if !strings.HasPrefix(key.Partition, "due#key#") {
			continue
		}
		var e struct {
			Key string `json:"key"`
		}
		if !w.read(item, &e) {
			continue
		}
		at := partition(e.Key)
		text, _, _ := strings.Cut(key.Sort, "#")
		when, err := time.Parse("2006-01-02T15:04:05.000000Z", text)
		if r, ok := w.records[at]; !ok || err != nil || !when.Equal(r.Due) {
			w.fault("key %q (%s) is due at %s, and its record says %s", e.Key, r.State, text, r.Due)
		}
		found[at]++
	}
	for at, r := range w.records {
		want := 0
		if !r.Due.IsZero() {
			want = 1
		}
		if found[at] != want {
			w.fault("key %q (%s) has %d due entries, not %d", r.ID, r.State, found[at], want)
		}
	}
	for name := range w.retired() {
		if r := w.records[partition(name.Key)]; r.Generation == name.Generation {
			w.fault("generation %d of key %q is to go, and is the key's", name.Generation, name.Key)
		}
	}
}

// retired are the generations that are to go.
func (w *world) retired() map[vault.Name]bool {
	names := map[vault.Name]bool{}
	for key, item := range w.items {
		var e struct {
			Key        string `json:"key"`
			Generation int    `json:"generation"`
		}
		if !strings.HasPrefix(key.Partition, "due#key-generation#") || !w.read(item, &e) {
			continue
		}
		name := vault.Name{Key: e.Key, Generation: e.Generation}
		names[name] = true
	}
	return names
}

// judgeLists holds that each record stands among all keys, and among its owner's, and
// nowhere else.
func (w *world) judgeLists() {
	want := map[table.Key]string{}
	for _, r := range w.records {
		sort := r.CreatedAt.UTC().Format(momentLayout) + "#" + table.Text(r.ID, maxText)
		want[table.Key{Partition: "list#keys#created#0", Sort: sort}] = r.ID
		if r.Owner != "" {
			want[table.Key{Partition: "list#keys#" + table.Text(r.Owner, maxText) + "#created#0", Sort: sort}] = r.ID
		}
	}
	for key, item := range w.items {
		if !strings.HasPrefix(key.Partition, "list#keys#") {
			continue
		}
		var id string
		if w.read(item, &id) && want[key] != id || id == "" {
			w.fault("list %q has key %q at %q, which is not there", key.Partition, id, key.Sort)
		}
		delete(want, key)
	}
	for key, id := range want {
		w.fault("key %q is not in list %q", id, key.Partition)
	}
}

// judgeSecrets holds records and the vault against each other.
func (w *world) judgeSecrets() {
	told := w.retired()
	for _, r := range w.records {
		name := vault.Name{Key: r.ID, Generation: r.Generation}
		secret, there := w.secrets[name]
		if r.usable() && (!there || secret.Scheduled) && !w.missing(r.ID) {
			w.fault("key %q is %s; its secret is there: %t, scheduled: %t, and nobody was told", r.ID, r.State, there, secret.Scheduled)
		}
		if r.State == "gone" && there {
			w.fault("key %q is gone, and the vault has it", r.ID)
		}
		told[name] = true
		if r.Restoring {
			told[vault.Name{Key: r.ID, Generation: r.Made}] = true
		}
	}
	for name := range w.secrets {
		if !told[name] {
			w.fault("the vault has generation %d of key %q, of which no record tells", name.Generation, name.Key)
		}
	}
}

// missing reports whether operators were told that the secret of the key is gone.
func (w *world) missing(id string) bool {
	for key, item := range w.items {
		var r struct {
			Key  string `json:"key"`
			Kind string `json:"kind"`
		}
		if key.Partition == "key-reports" && w.read(item, &r) && r.Key == id && r.Kind == "missing" {
			return true
		}
	}
	return false
}
