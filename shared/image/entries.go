package image

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"time"

	"github.com/gander-images/gander/shared/image/plainjson"
	"github.com/gander-images/gander/shared/table"
)

// A list entry is thin: its key is a list and a position in it, its body the
// image's id. What a row shows is read from the record.

// entrySchema is the version of the entry's document that this code writes.
const entrySchema = 1

// shards is the number of partitions that one list is spread over.
const shards = 1

// A scope is a set of images that some callers may list.
type scope string

const (
	allScope       scope = "all"
	publicScope    scope = "public"
	communityScope scope = "community"
	deletedScope   scope = "deleted"
)

// ownScope holds the images of one project.
func ownScope(project string) scope { return scope("own#" + table.Text(project, maxProjectKey)) }

// sharedScope holds the images whose member rows for the project have the status:
// their mirrors. It is kept in created order alone. Whether an image is shared
// at all, and hidden or not, is read from its record.
func sharedScope(project string, status MemberStatus) scope {
	return scope("shared#" + table.Text(project, maxProjectKey) + "#" + string(status))
}

// mirrorKey is where the mirror of the image's row for the project stands: as
// long as the row does, with its status.
func mirrorKey(img *Image, project string, status MemberStatus) table.Key {
	return table.Key{
		Partition: listPartition(sharedScope(project, status), createdOrder, shard(img.ID, shards)),
		Sort:      position(img, createdOrder),
	}
}

// apart returns the scope that holds the hidden images of sc.
func (sc scope) apart() scope { return "hidden-" + sc }

// An order is what the positions of a list are made of.
type order string

const (
	createdOrder order = "created" // created_at, id
	nameOrder    order = "name"    // name, created_at, id; null is the empty name
	deletedOrder order = "deleted" // time of deletion, id
)

// listPartition is where one shard of a list stands.
func listPartition(sc scope, o order, shard int) string {
	return "list#" + string(sc) + "#" + string(o) + "#" + strconv.Itoa(shard)
}

// shard says in which of n partitions the image with the id is listed.
func shard(id string, n int) int {
	if n == 1 {
		return 0
	}
	h := fnv.New32a()
	h.Write([]byte(strings.ToLower(id))) // never fails
	return int(h.Sum32() % uint32(n))
}

// maxNameKey is the room, in bytes, that a name gets in a position: what is left
// by the time, a separator and an id, with some to spare.
const maxNameKey = table.MaxSortBytes - len(momentLayout) - 1 - 36 - 5

// momentLayout writes times, in UTC, so that they sort as text.
const momentLayout = "20060102T150405.000000"

func moment(t time.Time) string { return t.UTC().Format(momentLayout) }

// instant is the position of an image among others by time.
func instant(t time.Time, id string) string { return moment(t) + "#" + strings.ToLower(id) }

// nameStart is how the positions of all images with the name begin in name
// order; what follows is their position in created order.
func nameStart(name string) string { return table.Text(name, maxNameKey) }

// position returns where the image stands in a list of the order.
func position(img *Image, o order) string {
	switch o {
	case nameOrder:
		return nameStart(deref(img.Name)) + instant(img.CreatedAt, img.ID)
	case deletedOrder:
		return instant(img.Deletion.At, img.ID)
	}
	return instant(img.CreatedAt, img.ID)
}

func deref[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// scopesOf returns the scopes that the image is listed in.
func scopesOf(img *Image) []scope {
	scopes := []scope{allScope}
	if img.Owner != nil {
		scopes = append(scopes, ownScope(*img.Owner))
	}
	switch img.Visibility {
	case Public:
		scopes = append(scopes, publicScope)
	case Community:
		scopes = append(scopes, communityScope)
	}
	if img.Hidden {
		for i, sc := range scopes {
			scopes[i] = sc.apart()
		}
	}
	return scopes
}

// listed reports whether images in the state appear in lists.
func listed(s Status) bool { return s.Exists() && s != Killed }

// entries returns the keys of all list entries that the image has now; none for
// nil. A deleted image is listed by the time of its deletion alone, until its
// purge begins.
func entries(img *Image) []table.Key {
	if img == nil {
		return nil
	}
	n := shard(img.ID, shards)
	if img.Status == Deleted && img.Deletion != nil {
		return []table.Key{{Partition: listPartition(deletedScope, deletedOrder, n), Sort: position(img, deletedOrder)}}
	}
	if !listed(img.Status) {
		return nil
	}
	byCreated, byName := position(img, createdOrder), position(img, nameOrder)
	var keys []table.Key
	for _, sc := range scopesOf(img) {
		keys = append(keys,
			table.Key{Partition: listPartition(sc, createdOrder, n), Sort: byCreated},
			table.Key{Partition: listPartition(sc, nameOrder, n), Sort: byName})
	}
	return keys
}

// entryWrites takes the list entries from those of before to those of after;
// either may be nil. Entries that stay are not written.
func entryWrites(before, after *Image) []table.Write {
	had := make(map[table.Key]bool)
	for _, key := range entries(before) {
		had[key] = true
	}
	var writes []table.Write
	for _, key := range entries(after) {
		if had[key] {
			delete(had, key)
			continue
		}
		writes = append(writes, table.Write{
			Kind: table.Put, Key: key, Schema: entrySchema,
			Body: entryBody(after.ID), If: table.IfAbsent(),
		})
	}
	for _, key := range entries(before) {
		if had[key] {
			writes = append(writes, table.Write{Kind: table.Delete, Key: key, If: table.IfPresent()})
		}
	}
	return writes
}

func entryBody(id string) []byte { return strconv.AppendQuote(nil, id) }

// decodeEntry returns the id of the image that an entry stands for.
func decodeEntry(item *table.Item) (id string, err error) {
	if item.Schema > entrySchema {
		return "", errNewer
	}
	r := plainjson.New(item.Body)
	if id = r.Text(); r.Done() {
		return id, nil
	}
	if err := json.Unmarshal(item.Body, &id); err != nil {
		return "", fmt.Errorf("reading list entry %q of %q: %w", item.Sort, item.Partition, err)
	}
	return id, nil
}
