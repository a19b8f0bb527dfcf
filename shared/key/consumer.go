package key

import (
	"context"
	"fmt"

	"github.com/gander-images/gander/shared/policy"
)

// AddConsumer registers a thing that needs the key, which r is the record of. One that
// is registered already stays as it is.
//
// Errors: ErrNotFound for a key that is not usable; Changed when it is not as it was
// read.
func (s *Service) AddConsumer(ctx context.Context, g policy.Grant, r *Record, c Consumer) (*Record, error) {
	if err := g.Permits(policy.ConsumersPost); err != nil {
		return nil, err
	}
	if !r.Usable() {
		return nil, ErrNotFound
	}
	h, err := s.readConsumer(ctx, r.ID, c)
	if err != nil || h != nil {
		return r, err
	}
	e := s.edit(r.ID, r)
	if err := e.join(&Holder{Consumer: &c}); err != nil {
		return nil, err
	}
	return e.after, s.commit(ctx, e)
}

// RemoveConsumer says that the thing no longer needs the key. That leaves no wish. One
// that is not registered is as good.
//
// Errors: ErrNotFound for a key that is not usable; Changed when it is not as it was
// read.
func (s *Service) RemoveConsumer(ctx context.Context, g policy.Grant, r *Record, c Consumer) (*Record, error) {
	if err := g.Permits(policy.ConsumersDelete); err != nil {
		return nil, err
	}
	if !r.Usable() {
		return nil, ErrNotFound
	}
	h, err := s.readConsumer(ctx, r.ID, c)
	if err != nil || h == nil {
		return r, err
	}
	e := s.edit(r.ID, r)
	e.leave(h, false)
	return e.after, s.commit(ctx, e)
}

func (s *Service) readConsumer(ctx context.Context, id string, c Consumer) (*Holder, error) {
	items, err := s.Table.Get(ctx, consumerKey(id, c))
	if err != nil {
		return nil, fmt.Errorf("reading a consumer of key %s: %w", id, err)
	}
	return decodeHolder(items[0])
}
