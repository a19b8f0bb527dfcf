package secretsmanager

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/gander-images/gander/shared/vault"
)

// errNoNumber says that the epoch's description is not what was written there.
var errNoNumber = errors.New("the description of the epoch's secret is no number")

func (v *Vault) epochID() *string { return aws.String(v.deployment + "/epoch") }

// Epoch implements vault.Vault.
func (v *Vault) Epoch(ctx context.Context) (int64, error) {
	n, err := v.readEpoch(ctx)
	if errors.Is(err, vault.ErrNotFound) {
		return 0, nil
	}
	return n, err
}

func (v *Vault) readEpoch(ctx context.Context) (int64, error) {
	out, err := v.describe(ctx, v.epochID())
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(aws.ToString(out.Description), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", vault.ErrBusy, errNoNumber)
	}
	return n, nil
}

// epochTries is how often a number is written that others lower meanwhile.
const epochTries = 3

// RaiseEpoch implements vault.Vault. Secrets Manager compares nothing before it writes:
// what was written is read again, so that of two who raise at once the higher number
// stays, but for a call that arrives after both have looked.
func (v *Vault) RaiseEpoch(ctx context.Context, n int64) error {
	for range epochTries {
		is, err := v.readEpoch(ctx)
		switch {
		case errors.Is(err, vault.ErrNotFound):
			err = v.beginEpoch(ctx, n)
		case err == nil && is >= n:
			return nil
		case err == nil:
			err = v.writeEpoch(ctx, n)
		}
		if err != nil {
			return unstated(err)
		}
	}
	if is, err := v.readEpoch(ctx); err != nil || is >= n {
		return err
	}
	return vault.ErrBusy
}

// beginEpoch leaves it to the next try when another was first.
func (v *Vault) beginEpoch(ctx context.Context, n int64) error {
	id, text := v.epochID(), strconv.FormatInt(n, 10)
	err := v.do(ctx, "CreateSecret", true, func(ctx context.Context) error {
		_, err := v.client.CreateSecret(ctx, &secretsmanager.CreateSecretInput{Name: id, Description: &text})
		return err
	})
	if errors.Is(err, vault.ErrExists) {
		return nil
	}
	return err
}

func (v *Vault) writeEpoch(ctx context.Context, n int64) error {
	text := strconv.FormatInt(n, 10)
	return v.do(ctx, "UpdateSecret", true, func(ctx context.Context) error {
		_, err := v.client.UpdateSecret(ctx, &secretsmanager.UpdateSecretInput{SecretId: v.epochID(), Description: &text})
		return err
	})
}
