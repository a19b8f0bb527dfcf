package key

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/gander-images/gander/shared/document"
	"github.com/gander-images/gander/shared/table"
)

// Prefixes begin the sort keys of a key's holders, and of those that are consumers.
const (
	holderPrefix   = "holder#"
	consumerPrefix = holderPrefix + "consumer#"
)

// A Holder is one image that names a key, or one consumer that a service registered.
type Holder struct {
	Image    string    `json:"image,omitempty"`    // its id, in lower case
	Consumer *Consumer `json:"consumer,omitempty"` // of the two one is set

	// Owner is the image's project. Own says that the holder counts among the owner's:
	// that project owns the key, or it is a consumer. Such a holder alone may have a
	// wish.
	Owner string `json:"owner,omitempty"`
	Own   bool   `json:"own,omitempty"`

	// Delete says that the image wishes the key gone when it is purged.
	Delete bool `json:"delete,omitempty"`

	// Usable says that the key was usable when it was named.
	Usable bool `json:"usable,omitempty"`

	Since time.Time `json:"since"`

	revision int64
	stored   []byte
}

// A Consumer is a thing of another service that needs a key.
//
// Source: Barbican API Reference, "Secret Consumers".
type Consumer struct {
	Service string `json:"service"`
	Type    string `json:"resource_type"`
	ID      string `json:"resource_id"`
}

var holderFields = document.Fields(Holder{})

func (h *Holder) key(id string) table.Key {
	if h.Consumer != nil {
		return consumerKey(id, *h.Consumer)
	}
	return imageHolderKey(id, h.Image)
}

func imageHolderKey(id, image string) table.Key {
	return table.Key{Partition: partition(id), Sort: holderPrefix + "image#" + strings.ToLower(image)}
}

func consumerKey(id string, c Consumer) table.Key {
	return table.Key{
		Partition: partition(id),
		Sort:      consumerPrefix + table.Text(c.Service, maxTextKey) + table.Text(c.Type, maxTextKey) + table.Text(c.ID, maxTextKey),
	}
}

func decodeHolder(item *table.Item) (*Holder, error) {
	if item == nil {
		return nil, nil
	}
	if item.Schema > schema {
		return nil, errNewer
	}
	var h Holder
	if err := json.Unmarshal(item.Body, &h); err != nil {
		return nil, fmt.Errorf("reading holder %q of %q: %w", item.Sort, item.Partition, err)
	}
	h.revision, h.stored = item.Revision, item.Body
	return &h, nil
}

func (h *Holder) put(id string) (table.Write, error) {
	body, err := json.Marshal(h)
	if err == nil {
		body, err = document.Keep(body, h.stored, holderFields)
	}
	if err != nil {
		return table.Write{}, fmt.Errorf("writing a holder of key %s: %w", id, err)
	}
	condition := table.IfAbsent()
	if h.revision > 0 {
		condition = table.IfRevision(h.revision)
	}
	return table.Write{Kind: table.Put, Key: h.key(id), Schema: schema, Body: body, If: condition}, nil
}

func (h *Holder) remove(id string) table.Write {
	return table.Write{Kind: table.Delete, Key: h.key(id), If: table.IfRevision(h.revision)}
}

// Holders returns all holders of the key, in the order of their keys.
func (s *Service) Holders(ctx context.Context, id string) ([]Holder, error) {
	return s.holders(ctx, id, holderPrefix)
}

// holders returns those holders whose sort keys begin with prefix.
func (s *Service) holders(ctx context.Context, id, prefix string) ([]Holder, error) {
	q := table.Query{Partition: partition(id), Prefix: prefix, Limit: 100}
	var all []Holder
	for more := true; more; {
		page, err := s.Table.Query(ctx, q)
		if err != nil {
			return nil, fmt.Errorf("reading the holders of key %s: %w", id, err)
		}
		for i := range page.Items {
			h, err := decodeHolder(&page.Items[i])
			if err != nil {
				return nil, err
			}
			all = append(all, *h)
		}
		more, q.After = page.More, page.Last
	}
	return all, nil
}
