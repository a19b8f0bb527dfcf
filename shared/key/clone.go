package key

import (
	"context"
	"errors"
	"fmt"

	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/vault"
)

// ReadsValue refuses a key whose value nobody is to copy any more.
//
// Errors: ErrNotUsable for one that is not live, or whose record is nil.
func (r *Record) ReadsValue() error {
	if r == nil || r.State != Live {
		return ErrNotUsable
	}
	return nil
}

// Clone begins a key of the value that another has, which source is the record of, and
// of its metadata, but for who else may read it. n says whose it becomes. As with Begin
// it is on its way out until it is made live, and if that fails whoever began it
// abandons it.
//
// Errors: ErrNotUsable for a source that is not live, has no value, or whose time is
// over, so that nobody reads it; the vault's and the table's.
func (s *Service) Clone(ctx context.Context, g policy.Grant, source *Record, n New) (*Record, error) {
	if err := g.Permits(policy.SecretDecrypt); err != nil {
		return nil, err
	}
	if err := source.ReadsValue(); err != nil {
		return nil, err
	}
	meta, err := s.Metadata(ctx, source.ID)
	if err != nil {
		return nil, err
	}
	if meta != nil {
		if s.Expired(&Secret{Record: source, Metadata: meta}) {
			return nil, ErrNotUsable
		}
		n.Metadata = *meta
		n.Metadata.ACL, n.Metadata.revision = nil, 0
	}
	n.Value, err = s.Vault.Get(ctx, source.name())
	switch {
	case errors.Is(err, vault.ErrNotFound), errors.Is(err, vault.ErrScheduled):
		return nil, ErrNotUsable
	case err != nil:
		return nil, fmt.Errorf("reading the key to clone: %w", err)
	}
	return s.Begin(ctx, n)
}
