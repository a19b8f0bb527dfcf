// Package keytest compares what a table and a vault hold of keys with the images
// that name them, from the outside: it reads documents, and calls nothing of the code
// it judges.
package keytest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gander-images/gander/shared/table"
	"github.com/gander-images/gander/shared/vault"
)

// Faults lists everything about keys that should not be so at a moment when nothing
// runs, in no words a caller sees: counts that are not those of the holders; holders
// without an image that names the key, and images that name a key which does not
// count them; due work, list entries and metadata that are missing or left behind;
// keys that are usable without a secret, or with one that is to go; keys that nobody
// needs and that are not on their way out; secrets that no record tells of.
//
// items is the whole table. secrets is the whole vault; nil: it is not looked at.
func Faults(items map[table.Key]table.Item, secrets map[vault.Name]vault.Secret) []string {
	w := &world{items: items, secrets: secrets, records: map[string]record{}}
	w.readRecords()
	w.readHolders()
	w.judgeRecords()
	w.judgeImages()
	w.judgeDue()
	w.judgeLists()
	w.judgeOrders()
	if secrets != nil {
		w.judgeSecrets()
	}
	slices.Sort(w.faults)
	return w.faults
}

// maxText is the room that a text gets in a key of the table.
const maxText = 256

// A record is what is judged of a key's document.
type record struct {
	ID         string    `json:"id"`
	Owner      string    `json:"owner"`
	State      string    `json:"state"`
	Generation int       `json:"generation"`
	Made       int       `json:"made"`
	Holders    int       `json:"holders"`
	Own        int       `json:"own"`
	WishDelete bool      `json:"wish_delete"`
	WishKeep   bool      `json:"wish_keep"`
	Restoring  bool      `json:"restoring"`
	Due        time.Time `json:"due"`
	CreatedAt  time.Time `json:"created_at"`
}

func (r record) usable() bool { return r.State == "live" || r.State == "condemned" }

// A holder is what is judged of a holder's row.
type holder struct {
	Image    string `json:"image"`
	Consumer *struct {
		Service string `json:"service"`
		Type    string `json:"resource_type"`
		ID      string `json:"resource_id"`
	} `json:"consumer"`
	Owner  string `json:"owner"`
	Own    bool   `json:"own"`
	Delete bool   `json:"delete"`
}

type world struct {
	items   map[table.Key]table.Item
	secrets map[vault.Name]vault.Secret
	records map[string]record   // by partition
	holders map[string][]holder // likewise
	faults  []string
}

func (w *world) fault(format string, args ...any) {
	w.faults = append(w.faults, fmt.Sprintf(format, args...))
}

func (w *world) read(item table.Item, into any) bool {
	if err := json.Unmarshal(item.Body, into); err != nil {
		w.fault("%q %q cannot be read: %v", item.Partition, item.Sort, err)
		return false
	}
	return true
}

func (w *world) readRecords() {
	for key, item := range w.items {
		var r record
		if key.Sort != "key" || !strings.HasPrefix(key.Partition, "key#") || !w.read(item, &r) {
			continue
		}
		if key.Partition != partition(r.ID) {
			w.fault("key %q stands at %q", r.ID, key.Partition)
		}
		w.records[key.Partition] = r
	}
}

func partition(id string) string { return "key#" + table.Text(id, maxText) }

func (w *world) readHolders() {
	w.holders = map[string][]holder{}
	for key, item := range w.items {
		if !strings.HasPrefix(key.Partition, "key#") {
			continue
		}
		place, isHolder := strings.CutPrefix(key.Sort, "holder#")
		var h holder
		if !isHolder || !w.read(item, &h) {
			continue
		}
		if want := h.place(); want != place {
			w.fault("holder %q of %q stands at %q", want, key.Partition, place)
		}
		w.holders[key.Partition] = append(w.holders[key.Partition], h)
	}
}

// place is the end of the sort key that the holder's row must have.
func (h holder) place() string {
	if c := h.Consumer; c != nil {
		return "consumer#" + table.Text(c.Service, maxText) + table.Text(c.Type, maxText) + table.Text(c.ID, maxText)
	}
	return "image#" + strings.ToLower(h.Image)
}
