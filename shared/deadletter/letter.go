// Package deadletter keeps what the consumers of changes gave up on, so that an
// operator can read it and have it tried again. A letter is no work by itself: what is
// due stays due whether somebody reads its letter or not, and the letter goes once it
// is done.
package deadletter

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/gander-images/gander/shared/document"
	"github.com/gander-images/gander/shared/due"
	"github.com/gander-images/gander/shared/problem"
	"github.com/gander-images/gander/shared/table"
)

// Reaper is the consumer that does what a change made due.
const Reaper = "reaper"

// Consumers are those that may leave letters.
func Consumers() []string { return []string{Reaper} }

// A Letter is one change, or one range of them, that a consumer gave up on.
type Letter struct {
	ID       string    `json:"id"`
	Consumer string    `json:"consumer"`
	At       time.Time `json:"given_up_at"`
	Item     *Item     `json:"item,omitempty"`  // the due entry; nil where only the range is known
	Range    *Range    `json:"range,omitempty"` // where the changes stood in a stream
	Tries    int       `json:"tries,omitempty"` // as far as they were counted
	Reason   string    `json:"reason"`          // of the last one, for an operator to read
	RetryAt  time.Time `json:"retry_at,omitzero"`

	revision int64
	stored   []byte
}

// An Item is the key of a due entry.
type Item struct {
	Partition string `json:"partition"`
	Sort      string `json:"sort"`
}

func (i Item) key() table.Key { return table.Key{Partition: i.Partition, Sort: i.Sort} }

// A Range is where changes stand in a stream, both ends included.
type Range struct {
	Shard string `json:"shard,omitempty"`
	First string `json:"first"` // sequence numbers
	Last  string `json:"last"`
	Count int    `json:"count,omitempty"`
}

const (
	partition = "deployment"
	prefix    = "dead#"
	schema    = 1
)

var letterFields = document.Fields(Letter{})

var errNewer = problem.New(problem.Unavailable, "This dead letter was written by a newer version of the service. Try again later.")

// Of is the letter of the due entry under a key, the same whoever writes it, and
// however often.
func Of(consumer string, key table.Key, tries int, why error) Letter {
	at, _ := due.TimeOf(key)
	return Letter{
		ID: identify(at, key.Partition+"\x00"+key.Sort), Consumer: consumer, Tries: tries, Reason: Reason(why),
		Item: &Item{key.Partition, key.Sort},
	}
}

// idTime lets ids lie in the order of time.
const idTime = "20060102T150405.000000Z"

var idForm = regexp.MustCompile(`^[0-9]{8}T[0-9]{6}\.[0-9]{6}Z-[0-9a-f]{16}$`)

// identify makes a letter's id: of a time, by which they are listed, and of what it is
// about.
func identify(at time.Time, subject string) string {
	sum := sha256.Sum256([]byte(subject))
	return at.UTC().Format(idTime) + "-" + hex.EncodeToString(sum[:8])
}

// Reason is what an operator may read of an error; the log has the rest.
func Reason(why error) string {
	var unfit due.Unfit
	if errors.As(why, &unfit) {
		return unfit.Error()
	}
	if _, message := problem.Status(why); message != "" {
		return message
	}
	return "The work failed for an internal reason, which the log tells beside the entry's key."
}

func keyOf(consumer, id string) table.Key {
	return table.Key{Partition: partition, Sort: prefix + consumer + "#" + id}
}

func (l Letter) key() table.Key { return keyOf(l.Consumer, l.ID) }

// put is the write of the letter over what was read.
func (l Letter) put() (table.Write, error) {
	body, err := json.Marshal(l)
	if err == nil {
		body, err = document.Keep(body, l.stored, letterFields)
	}
	if err != nil {
		return table.Write{}, fmt.Errorf("writing a dead letter: %w", err)
	}
	w := table.Write{Kind: table.Put, Key: l.key(), Schema: schema, Body: body, If: table.IfAbsent()}
	if l.revision > 0 {
		w.If = table.IfRevision(l.revision)
	}
	return w, nil
}

// remove is the write that removes the letter as it was read.
func (l Letter) remove() table.Write {
	return table.Write{Kind: table.Delete, Key: l.key(), If: table.IfRevision(l.revision)}
}

func decode(item *table.Item) (*Letter, error) {
	if item == nil {
		return nil, nil
	}
	if item.Schema > schema {
		return nil, errNewer
	}
	var l Letter
	if err := json.Unmarshal(item.Body, &l); err != nil {
		return nil, fmt.Errorf("reading the dead letter %s: %w", item.Sort, err)
	}
	l.revision, l.stored = item.Revision, item.Body
	return &l, nil
}
