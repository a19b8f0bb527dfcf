package key

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/gander-images/gander/shared/document"
	"github.com/gander-images/gander/shared/problem"
	"github.com/gander-images/gander/shared/table"
)

// schema is the version of the documents that this code writes.
const schema = 1

// errNewer is what a reader answers that meets a record from the future.
var errNewer = problem.New(problem.Unavailable, "This record was written by a newer version of the service. Try again later.")

// row is the record as the table holds it.
type row struct {
	ID         string    `json:"id"`
	Owner      string    `json:"owner,omitempty"`
	Creator    string    `json:"creator,omitempty"`
	State      State     `json:"state"`
	Generation int       `json:"generation,omitempty"`
	Made       int       `json:"made,omitempty"`
	First      int       `json:"first,omitempty"`
	Holders    int       `json:"holders"`
	Own        int       `json:"own"`
	WishDelete bool      `json:"wish_delete,omitempty"`
	WishKeep   bool      `json:"wish_keep,omitempty"`
	Confirmed  bool      `json:"confirmed,omitempty"`
	Restoring  bool      `json:"restoring,omitempty"`
	Image      string    `json:"image,omitempty"`
	Due        time.Time `json:"due,omitzero"`
	CreatedAt  time.Time `json:"created_at"`
	UpdatedAt  time.Time `json:"updated_at"`
	Change     string    `json:"change"`
}

var fields = document.Fields(row{})

func decode(item *table.Item) (*Record, error) {
	if item == nil {
		return nil, nil
	}
	if item.Schema > schema {
		return nil, errNewer
	}
	var d row
	if err := json.Unmarshal(item.Body, &d); err != nil {
		return nil, fmt.Errorf("reading key record %q: %w", item.Partition, err)
	}
	return &Record{
		ID: d.ID, Owner: d.Owner, Creator: d.Creator, State: d.State, Generation: d.Generation, Made: d.Made, First: d.First,
		Holders: d.Holders, Own: d.Own, WishDelete: d.WishDelete, WishKeep: d.WishKeep,
		Confirmed: d.Confirmed, Restoring: d.Restoring, Image: d.Image, Due: d.Due, CreatedAt: d.CreatedAt, UpdatedAt: d.UpdatedAt,
		Revision: item.Revision, born: item.Counters[bornCounter], change: d.Change, stored: item.Body,
	}, nil
}

func encode(r *Record) ([]byte, error) {
	body, err := json.Marshal(row{
		ID: r.ID, Owner: r.Owner, Creator: r.Creator, State: r.State, Generation: r.Generation, Made: r.Made, First: r.First,
		Holders: r.Holders, Own: r.Own, WishDelete: r.WishDelete, WishKeep: r.WishKeep,
		Confirmed: r.Confirmed, Restoring: r.Restoring, Image: r.Image, Due: r.Due, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt,
		Change: r.change,
	})
	if err == nil {
		body, err = document.Keep(body, r.stored, fields)
	}
	if err != nil {
		return nil, fmt.Errorf("writing the record of key %s: %w", r.ID, err)
	}
	return body, nil
}

func (s *Service) read(ctx context.Context, id string) (*Record, error) {
	items, err := s.Table.Get(ctx, recordKey(id))
	if err != nil {
		return nil, fmt.Errorf("reading key %s: %w", id, err)
	}
	return decode(items[0])
}

// save takes the record from before to after, either of which may be nil, in one
// transaction with extra. On success after holds its new revision.
//
// Errors: Changed when the record is not as it was read, or a condition of extra
// failed; table's errors.
func (s *Service) save(ctx context.Context, before, after *Record, extra ...table.Write) error {
	writes, err := s.writes(before, after)
	if err != nil {
		return err
	}
	landed := func(item *table.Item) bool {
		now, err := decode(item)
		return err == nil && after != nil && now.change == after.change
	}
	outcome, err := table.Settle(ctx, s.Table, landed, append(writes, extra...)...)
	switch {
	case err != nil:
		return fmt.Errorf("saving the record of a key: %w", err)
	case !outcome.OK():
		return ErrChanged
	}
	if after != nil {
		after.Revision = revisionOf(before) + 1
	}
	return nil
}

func revisionOf(r *Record) int64 {
	if r == nil {
		return 0
	}
	return r.Revision
}

// writes are those that take the record from before to after, its own first, with
// its places in lists and its due entry.
func (s *Service) writes(before, after *Record) ([]table.Write, error) {
	var first table.Write
	if after == nil {
		first = table.Write{Kind: table.Delete, Key: recordKey(before.ID), If: before.unmoved()}
	} else {
		after.UpdatedAt, after.change = s.now(), s.NewID()
		body, err := encode(after)
		if err != nil {
			return nil, err
		}
		first = table.Write{Kind: table.Put, Key: recordKey(after.ID), Schema: schema, Body: body, If: table.IfAbsent()}
		if before != nil {
			first.If, after.born = before.unmoved(), before.born
		} else {
			after.born = bornOf(after.change)
			first.Counters = map[string]int64{bornCounter: after.born}
		}
	}
	writes := append([]table.Write{first}, moved(before, after)...)
	return append(writes, dueWrites(before, after)...), nil
}

// bornCounter is the counter of a record's item that says which record it is.
const bornCounter = "born"

// bornOf makes a number that is hardly another record's of the mark of its first save.
func bornOf(change string) int64 {
	sum := sha256.Sum256([]byte(change))
	return int64(binary.BigEndian.Uint64(sum[:]) >> 2) //nolint:gosec // 62 bits
}

// unmoved holds that nobody has written the record since it was read.
func (r *Record) unmoved() table.Condition {
	return table.IfRevision(r.Revision).Within(bornCounter, r.born, r.born)
}

// Unmoved returns the condition that nobody has written the key's record since it was
// read, for a transaction that rests on it.
func (r *Record) Unmoved() table.Write {
	return table.Write{Kind: table.Check, Key: recordKey(r.ID), If: r.unmoved()}
}

// dueWrites moves the record's one due entry.
func dueWrites(before, after *Record) []table.Write {
	had, has := before != nil && !before.Due.IsZero(), after != nil && !after.Due.IsZero()
	if had && has && before.Due.Equal(after.Due) {
		return nil
	}
	var writes []table.Write
	if had {
		writes = append(writes, stepEntry(before).Settle())
	}
	if has {
		writes = append(writes, stepEntry(after).Put())
	}
	return writes
}

func (r *Record) clone() *Record {
	if r == nil {
		return nil
	}
	next := *r
	return &next
}

// Orders of the lists of keys, which are by the time of their making.
const momentLayout = "20060102T150405.000000"

func listPartition(owner string) string {
	if owner == "" {
		return "list#keys#created#0"
	}
	return "list#keys#" + table.Text(owner, maxTextKey) + "#created#0"
}

// entries are the places of the record in lists: among all keys, and among those of
// its owner.
func entries(r *Record) []table.Key {
	if r == nil {
		return nil
	}
	sort := r.CreatedAt.UTC().Format(momentLayout) + "#" + table.Text(r.ID, maxTextKey)
	list := []table.Key{{Partition: listPartition(""), Sort: sort}}
	if r.Owner != "" {
		list = append(list, table.Key{Partition: listPartition(r.Owner), Sort: sort})
	}
	return list
}

// quoted writes a text as JSON, which can be done with every text.
func quoted(text string) []byte {
	body, _ := json.Marshal(text)
	return body
}

// moved takes a key's places in lists from those of before to those of after.
func moved(before, after *Record) []table.Write {
	had, has := entries(before), entries(after)
	var writes []table.Write
	for _, at := range has {
		if !slices.Contains(had, at) {
			writes = append(writes, table.Write{Kind: table.Put, Key: at, Schema: schema, Body: quoted(after.ID), If: table.IfAbsent()})
		}
	}
	for _, at := range had {
		if !slices.Contains(has, at) {
			writes = append(writes, table.Write{Kind: table.Delete, Key: at, If: table.IfPresent()})
		}
	}
	return writes
}
