package deadletter

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/gander-images/gander/shared/table"
)

// A note is what a function knows of a change that it could not work on. The platform
// gives up on it later, and then tells no more than where it stood in the stream.
type note struct {
	At     time.Time `json:"at"`
	Item   *Item     `json:"item,omitempty"` // nil: the change could not be read
	Reason string    `json:"reason"`
}

const (
	notePrefix = "failing#"
	// noteKept is longer than a stream keeps its changes, and than a message about them
	// is on its way.
	noteKept = 48 * time.Hour
)

// Note keeps why a change failed, for when the platform gives up on it. The sequence is
// ordered as text; key is nil for a change that could not be read. What was noted
// first stays.
func (b *Box) Note(ctx context.Context, consumer, sequence string, key *table.Key, why error) error {
	n := note{At: b.now(), Reason: Reason(why)}
	if key != nil {
		n.Item = &Item{key.Partition, key.Sort}
	}
	body, err := json.Marshal(n)
	if err != nil {
		return fmt.Errorf("writing a note: %w", err)
	}
	at := table.Key{Partition: partition, Sort: notePrefix + consumer + "#" + sequence}
	_, err = b.Table.Transact(ctx, table.Write{Kind: table.Put, Key: at, Schema: schema, Body: body, If: table.IfAbsent()})
	if err != nil {
		return fmt.Errorf("noting what failed: %w", err)
	}
	return nil
}

// A GivenUp is a message of the platform about changes that it hands over no more.
type GivenUp struct {
	ID    string    // of the message
	At    time.Time // when it was written
	Range Range
	First string // as Range has it, ordered as text
	Last  string
	Tries int
}

// Take keeps a letter for each change of a message of which a note was made, or one for
// all of them. The same message makes the same letters.
func (b *Box) Take(ctx context.Context, consumer string, m GivenUp) error {
	letters, err := b.noted(ctx, consumer, m)
	if err != nil {
		return err
	}
	if len(letters) == 0 {
		letters = []Letter{{
			ID: identify(m.At, m.ID), Consumer: consumer, Range: &m.Range, Tries: m.Tries,
			Reason: "The consumer did not take these changes, and could not tell why.",
		}}
	}
	for _, l := range letters {
		if err := b.Put(ctx, l); err != nil {
			return err
		}
	}
	return nil
}

// noted makes letters of the notes about the changes of a message.
func (b *Box) noted(ctx context.Context, consumer string, m GivenUp) (letters []Letter, err error) {
	start := notePrefix + consumer + "#"
	for after := ""; ; {
		page, err := b.Table.Query(ctx, table.Query{Partition: partition, Prefix: start, After: after, Limit: tidyPage})
		if err != nil {
			return nil, fmt.Errorf("reading what failed: %w", err)
		}
		for _, item := range page.Items {
			sequence := item.Sort[len(start):]
			if sequence < m.First || sequence > m.Last {
				continue
			}
			l, err := m.letter(consumer, sequence, item)
			if err != nil {
				return nil, err
			}
			letters = append(letters, l)
		}
		if !page.More {
			return letters, nil
		}
		after = page.Last
	}
}

func (m GivenUp) letter(consumer, sequence string, item table.Item) (Letter, error) {
	var n note
	if err := json.Unmarshal(item.Body, &n); err != nil {
		return Letter{}, fmt.Errorf("reading what failed: %w", err)
	}
	l := Letter{ID: identify(n.At, sequence), Consumer: consumer}
	if n.Item != nil {
		l = Of(consumer, n.Item.key(), 0, nil)
	}
	where := m.Range
	where.First = strings.TrimLeft(sequence, "0")
	where.Last, where.Count = where.First, 1
	l.Range, l.Tries, l.Reason = &where, m.Tries, n.Reason
	return l, nil
}

// forgetNotes removes those that nobody can ask for any more.
func (b *Box) forgetNotes(ctx context.Context) error {
	page, err := b.Table.Query(ctx, table.Query{Partition: partition, Prefix: notePrefix, Limit: tidyPage})
	if err != nil {
		return fmt.Errorf("forgetting what failed: %w", err)
	}
	for _, item := range page.Items {
		var n note
		if json.Unmarshal(item.Body, &n) != nil || b.now().Sub(n.At) < noteKept {
			continue
		}
		w := table.Write{Kind: table.Delete, Key: item.Key, If: table.IfRevision(item.Revision)}
		if _, err := b.Table.Transact(ctx, w); err != nil {
			return fmt.Errorf("forgetting what failed: %w", err)
		}
	}
	return nil
}
