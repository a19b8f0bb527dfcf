package key

import (
	"context"
	"fmt"
	"time"

	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
	"github.com/gander-images/gander/shared/table"
)

// A Secret is a key as the key manager shows it: its record, and what callers see
// beside it.
type Secret struct {
	Record   *Record
	Metadata *Metadata
}

var errNoPayload = problem.New(problem.NotFound, "Not Found. Sorry but your secret has no payload.")

// Waits reports whether the secret was made without a payload, and has none yet.
func (s *Secret) Waits() bool {
	return s.Record.State == Creating && s.Metadata.ContentType == ""
}

// Secret returns the secret with the id, whoever asks. One that is being made, was
// given up, is to be deleted or is gone is not there; one that waits for its payload
// is.
//
// Errors: ErrNotFound, for an id too that is no UUID.
func (s *Service) Secret(ctx context.Context, id string) (*Secret, error) {
	id, ok := UUID(id)
	if !ok {
		return nil, ErrNotFound
	}
	items, err := s.Table.Get(ctx, recordKey(id), secretKey(id))
	if err != nil {
		return nil, fmt.Errorf("reading secret %s: %w", id, err)
	}
	found, err := secretOf(items[0], items[1])
	if err != nil {
		return nil, err
	}
	if found == nil {
		return nil, ErrNotFound
	}
	return found, nil
}

// secretOf puts together what two items say; nil where that is nothing to be seen.
func secretOf(record, metadata *table.Item) (*Secret, error) {
	r, err := decode(record)
	if err != nil || r == nil {
		return nil, err
	}
	m, err := decodeMetadata(metadata)
	if err != nil {
		return nil, err
	}
	if m == nil {
		m = &Metadata{}
	}
	found := &Secret{Record: r, Metadata: m}
	if !r.Usable() && !found.Waits() {
		return nil, nil
	}
	return found, nil
}

// Expired reports whether the secret's time is over: then it is not read any more,
// and still there for those who need it gone.
//
// Source: barbican/model/repositories.py, SecretRepo.get_secret_by_id.
func (s *Service) Expired(secret *Secret) bool {
	at := secret.Metadata.Expires
	return at != nil && !s.now().Before(*at)
}

// Discard gives up a secret that waits for its payload.
//
// Errors: ErrNotFound for another; Changed.
func (s *Service) Discard(ctx context.Context, g policy.Grant, secret *Secret) error {
	if err := g.Permits(policy.SecretDelete); err != nil {
		return err
	}
	if !secret.Waits() {
		return ErrNotFound
	}
	e := s.edit(secret.Record.ID, secret.Record)
	e.abandon("deleted before it had a payload")
	e.after.Due = s.now().Add(overdue) // a payload may be on its way
	return s.commit(ctx, e)
}

// waiting is how long a secret that was made without a payload waits for it.
const waiting = 24 * time.Hour

// Reserve makes the record of a secret that has no payload yet. Nobody can use it
// before Fill; a day without one, and it is given up.
func (s *Service) Reserve(ctx context.Context, n New) (*Record, error) {
	n.Value, n.Metadata.ContentType = nil, ""
	return s.record(ctx, n)
}
