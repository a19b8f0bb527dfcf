package key

import (
	"context"
	"errors"
	"fmt"

	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
	"github.com/gander-images/gander/shared/vault"
)

var (
	errFilled  = problem.New(problem.Conflict, "Secret already has data, cannot modify it.")
	errFilling = problem.New(problem.Conflict, "Another payload was given to the secret meanwhile.")
)

// Payload returns the secret's value.
//
// Errors: NotFound where there is none, or no longer; Unavailable where the vault
// does not give what it should have.
func (s *Service) Payload(ctx context.Context, g policy.Grant, secret *Secret) ([]byte, error) {
	if err := g.Permits(policy.SecretDecrypt); err != nil {
		return nil, err
	}
	if secret.Waits() {
		return nil, errNoPayload
	}
	value, err := s.Vault.Get(ctx, secret.Record.name())
	if !errors.Is(err, vault.ErrNotFound) && !errors.Is(err, vault.ErrScheduled) {
		return value, err
	}
	now, readErr := s.read(ctx, secret.Record.ID)
	if readErr == nil && !now.Usable() {
		return nil, ErrNotFound // it was deleted meanwhile
	}
	return nil, problem.Because(errors.Join(err, readErr), problem.Unavailable, "The secret cannot be read at present. Try again later.")
}

// Fill gives a secret that waits for its payload one. Each try makes a generation of
// its own and has the one before it deleted, so that a try which was lost, or is late,
// neither keeps out the next one nor becomes the key.
//
// Errors: Conflict for a secret that has a payload, or gets one; Changed; the vault's
// and the table's. After one of these it waits for twenty minutes more.
func (s *Service) Fill(ctx context.Context, g policy.Grant, secret *Secret, value []byte, contentType string) error {
	if err := g.Permits(policy.SecretsPost); err != nil {
		return err
	}
	if !secret.Waits() {
		return errFilled
	}
	begun := s.edit(secret.Record.ID, secret.Record)
	begun.after.Made++
	begun.after.Generation = begun.after.Made
	begun.after.Due = s.now().Add(overdue)
	if err := s.commit(ctx, begun, s.retire(secret.Record.name()).Put()); err != nil {
		return err
	}
	making, cancel := context.WithTimeout(ctx, makingTime)
	defer cancel()
	if err := s.Vault.Create(making, begun.after.name(), value); err != nil {
		return fmt.Errorf("making the secret of key %s: %w", secret.Record.ID, err)
	}
	return s.filled(ctx, begun.after, contentType)
}

// filled makes a secret live whose generation is made. Images that name it meanwhile
// change its record, and do not keep it from that.
func (s *Service) filled(ctx context.Context, made *Record, contentType string) error {
	const tries = 5
	for try := 1; ; try++ {
		secret, err := s.Secret(ctx, made.ID)
		if err != nil {
			return err
		}
		if !secret.Waits() || secret.Record.Generation != made.Generation {
			return errFilling
		}
		e := s.edit(made.ID, secret.Record)
		e.made("its payload was stored")
		e.after.First = made.Generation
		secret.Metadata.ContentType = contentType
		put, err := secret.Metadata.put(made.ID)
		if err != nil {
			return err
		}
		if err := s.commit(ctx, e, put); !Changed(err) || try == tries {
			return err
		}
	}
}
