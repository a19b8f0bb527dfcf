// Package due keeps what must happen later. An entry is written in the
// transaction that causes it and removed in the one that settles it, so that
// nothing is forgotten whatever crashes. A change stream only hurries it along:
// the entry is the truth.
package due

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/gander-images/gander/shared/table"
)

// timeLayout keeps the order of times as text: UTC, whole microseconds.
const timeLayout = "2006-01-02T15:04:05.000000Z"

// schema is the version of the entries' form.
const schema = 1

// An Entry is one thing that must happen at a time or after it.
type Entry struct {
	Kind string    // which handler does it
	At   time.Time // not before; whole microseconds count
	ID   string    // unique within kind and time
	Body json.RawMessage
}

// New makes an entry whose body is the JSON of body.
func New(kind string, at time.Time, id string, body any) Entry {
	raw, err := json.Marshal(body)
	if err != nil {
		panic(fmt.Sprintf("due: the body of a %s entry cannot be written: %v", kind, err))
	}
	return Entry{Kind: kind, At: at.UTC().Truncate(time.Microsecond), ID: id, Body: raw}
}

// Key is where the entry stands: those of a kind lie in the order of time.
func (e Entry) Key() table.Key {
	return table.Key{Partition: partition(e.Kind), Sort: e.At.UTC().Format(timeLayout) + "#" + e.ID}
}

// Put is the write that makes the entry; there must not be one like it.
func (e Entry) Put() table.Write {
	return table.Write{Kind: table.Put, Key: e.Key(), Schema: schema, Body: e.Body, If: table.IfAbsent()}
}

// Settle is the write that removes the entry; it must still be there.
func (e Entry) Settle() table.Write {
	return table.Write{Kind: table.Delete, Key: e.Key(), If: table.IfPresent()}
}

const shard = "#0" // one shard a kind until an operator needs more

func partition(kind string) string { return "due#" + kind + shard }

func isDue(key table.Key) bool { return strings.HasPrefix(key.Partition, "due#") }

// TimeOf is when the entry under a key is due. ok is false for the key of something
// else.
func TimeOf(key table.Key) (at time.Time, ok bool) {
	e, ok := parse(table.Item{Key: key})
	return e.At, ok
}

// parse reads an entry back. ok is false for an item that is none.
func parse(item table.Item) (e Entry, ok bool) {
	kind, found := strings.CutPrefix(item.Partition, "due#")
	kind, isFirst := strings.CutSuffix(kind, shard)
	at, id, hasID := strings.Cut(item.Sort, "#")
	when, err := time.Parse(timeLayout, at)
	if !found || !isFirst || !hasID || err != nil {
		return Entry{}, false
	}
	return Entry{Kind: kind, At: when, ID: id, Body: item.Body}, true
}
