package key

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gander-images/gander/shared/table"
)

// The properties by which an image names a key, and says what becomes of the key
// with it.
//
// Source: glance/api/v2/images.py, _delete_encryption_key; the second pair is from
// the specification of image encryption (glance-specs, "Image Encryption").
const (
	CinderKey    = "cinder_encryption_key_id"
	CinderPolicy = "cinder_encryption_key_deletion_policy"
	ImageKey     = "os_encrypt_key_id"
	ImagePolicy  = "os_encrypt_key_deletion_policy"

	// OnImageDeletion is the policy that has the key go with its image.
	OnImageDeletion = "on_image_deletion"
)

// Pairs are those properties: a key's, and its policy's.
var Pairs = [][2]string{{CinderKey, CinderPolicy}, {ImageKey, ImagePolicy}}

// A Naming is what one image says about keys.
type Naming struct {
	Image string
	Owner string          // project; empty where it has none
	Keys  map[string]bool // by the key's ID, whether it is to go with the image
}

// NamingOf reads an image's properties. Two properties that name one key are one
// naming; where they, or the policies beside them, are at odds, the key is kept.
func NamingOf(image, owner string, properties map[string]string) Naming {
	n := Naming{Image: strings.ToLower(image), Owner: owner}
	agreed := true // no policy that is there says otherwise
	for _, pair := range Pairs {
		if p, said := properties[pair[1]]; said && p != OnImageDeletion {
			agreed = false
		}
	}
	for _, pair := range Pairs {
		text := properties[pair[0]]
		if text == "" {
			continue
		}
		id := ID(text)
		goes := agreed && properties[pair[1]] == OnImageDeletion
		if other, named := n.Keys[id]; named {
			goes = goes && other
		}
		if n.Keys == nil {
			n.Keys = make(map[string]bool, 1)
		}
		n.Keys[id] = goes
	}
	return n
}

// A Change takes an image from what it said about keys to what it says.
type Change struct {
	Before, After Naming    // the zero Naming: it holds none
	Purged        bool      // it goes for good: what it wished counts
	Returns       bool      // it comes back from its deletion: its keys must be as usable as they were
	Adopts        []*Record // keys that were created for it, and become live with it
}

// Name returns the writes that count the change, for the image's own transaction,
// and what it decides, to be logged once that has happened. An image that says what
// it said costs nothing.
//
// Errors: ErrNotUsable when it newly names a key of its own that is not usable, or
// when it returns and a key is no longer as usable as it was when it was named; the
// table's.
func (s *Service) Name(ctx context.Context, c Change) ([]table.Write, []Decision, error) {
	ids := c.touched()
	if len(ids) == 0 {
		return nil, nil, nil
	}
	image := cmp.Or(c.Before.Image, c.After.Image)
	keys := make([]table.Key, 0, 2*len(ids))
	for _, id := range ids {
		keys = append(keys, recordKey(id), imageHolderKey(id, image))
	}
	items, err := s.readKeys(ctx, keys)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the keys of image %s: %w", image, err)
	}
	var writes []table.Write
	var decisions []Decision
	for i, id := range ids {
		more, decision, err := s.nameOne(c, id, items[2*i], items[2*i+1])
		if err != nil {
			return nil, nil, err
		}
		writes, decisions = append(writes, more...), append(decisions, decision...)
	}
	return writes, decisions, nil
}

// readKeys reads records, each followed by a holder. They are no snapshot: a holder whose
// record is not there came, or went, in between, and is looked at once more.
func (s *Service) readKeys(ctx context.Context, keys []table.Key) ([]*table.Item, error) {
	items, err := s.Table.Get(ctx, keys...)
	for i := 0; i < len(items); i += 2 {
		if items[i] == nil && items[i+1] != nil {
			return s.Table.Get(ctx, keys...)
		}
	}
	return items, err
}

// touched are the keys that the change is about, sorted.
func (c Change) touched() []string {
	var ids []string
	for id, goes := range c.Before.Keys {
		after, stays := c.After.Keys[id]
		if !stays || after != goes || c.Before.Owner != c.After.Owner || c.Returns {
			ids = append(ids, id)
		}
	}
	for id := range maps.Keys(c.After.Keys) {
		if _, had := c.Before.Keys[id]; !had {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

func (s *Service) nameOne(c Change, id string, recordItem, holderItem *table.Item) ([]table.Write, []Decision, error) {
	record, err := decode(recordItem)
	if err != nil {
		return nil, nil, err
	}
	h, err := decodeHolder(holderItem)
	if err != nil {
		return nil, nil, err
	}
	if h != nil && record == nil {
		return nil, nil, fmt.Errorf("key %s has a holder and no record", id)
	}
	if c.Returns && h != nil {
		if h.Usable && !record.Usable() {
			return nil, nil, ErrNotUsable
		}
		if h.Owner == c.After.Owner && h.Delete == c.After.Keys[id] {
			return []table.Write{record.Unmoved()}, nil, nil
		}
	}
	return s.edit(id, record).name(c, h)
}

// name takes the image's holder, which is h or none, to what the change makes of it.
func (e *edit) name(c Change, h *Holder) (writes []table.Write, decided []Decision, err error) {
	goes, names := c.After.Keys[e.id]
	switch {
	case !names && h == nil:
		return nil, nil, nil
	case !names:
		e.leave(h, c.Purged)
	case h != nil:
		err = e.change(h, c.After.Owner, goes)
	case c.adopts(e.before):
		err = e.adopt(&Holder{Image: c.After.Image, Owner: c.After.Owner, Delete: goes})
	default:
		err = e.join(&Holder{Image: c.After.Image, Owner: c.After.Owner, Delete: goes})
	}
	if err != nil {
		return nil, nil, err
	}
	if d, ok := e.decision(); ok {
		decided = []Decision{d}
	}
	writes, err = e.done()
	return writes, decided, err
}

func (c Change) adopts(r *Record) bool {
	return r != nil && r.State == Creating && slices.ContainsFunc(c.Adopts, func(a *Record) bool {
		return a.ID == r.ID && a.Revision == r.Revision && a.born == r.born
	})
}
