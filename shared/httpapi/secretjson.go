package httpapi

import (
	"context"
	"time"

	"github.com/gander-images/gander/shared/key"
)

// secretDocument is a secret as callers see it. Consumers are left out of answers to
// old versions.
//
// Source: barbican/model/models.py, Secret; barbican/plugin/util/mime_types.py,
// augment_fields_with_content_types.
type secretDocument struct {
	Created      string             `json:"created"`
	Updated      string             `json:"updated"`
	Status       string             `json:"status"`
	Name         *string            `json:"name"`
	Type         string             `json:"secret_type"`
	Expiration   *string            `json:"expiration"`
	Algorithm    *string            `json:"algorithm"`
	BitLength    *int               `json:"bit_length"`
	Mode         *string            `json:"mode"`
	Creator      string             `json:"creator_id"`
	Consumers    []consumerDocument `json:"consumers,omitzero"`
	ContentTypes map[string]string  `json:"content_types,omitempty"`
	Ref          string             `json:"secret_ref"`
}

type consumerDocument struct {
	Service string `json:"service"`
	Type    string `json:"resource_type"`
	ID      string `json:"resource_id"`
}

func (s *Services) secretRef(id string) string {
	return s.PublicEndpoint + secretsPath + "/" + id
}

// secretDocument reads the consumers, where the version shows them.
func (s *Services) secretDocument(ctx context.Context, secret *key.Secret, minor int) (secretDocument, error) {
	m := secret.Metadata
	d := secretDocument{
		Created: momentText(secret.Record.CreatedAt), Updated: momentText(secret.Record.UpdatedAt), Status: "ACTIVE",
		Name: orNull(m.Name), Type: m.Kind(), Algorithm: orNull(m.Algorithm), BitLength: orNull(m.BitLength), Mode: orNull(m.Mode),
		Creator: secret.Record.Creator, Ref: s.secretRef(secret.Record.ID),
	}
	if m.Expires != nil {
		d.Expiration = orNull(momentText(*m.Expires))
	}
	if m.ContentType != "" {
		d.ContentTypes = map[string]string{"default": m.ContentType}
	}
	if minor < withConsumers {
		return d, nil
	}
	consumers, err := s.Keys.Consumers(ctx, secret)
	d.Consumers = make([]consumerDocument, len(consumers))
	for i, h := range consumers {
		d.Consumers[i] = consumerDocument{h.Consumer.Service, h.Consumer.Type, h.Consumer.ID}
	}
	return d, err
}

// momentText writes a time as Barbican does: of UTC, and without saying so.
//
// Source: barbican/model/models.py, to_dict_fields; gophercloud's JSONRFC3339NoZ.
func momentText(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05") }

// orNull has a value that was never said shown as null.
func orNull[T comparable](v T) *T {
	var nothing T
	if v == nothing {
		return nil
	}
	return &v
}
