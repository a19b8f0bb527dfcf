// Package secretsmanager keeps secrets in AWS Secrets Manager, below the name of one
// deployment: <deployment>/<key id>/<generation>. The epoch is the description of the
// secret <deployment>/epoch, which has no value: whoever may read it can read no key.
//
// A deletion always leaves its window; nothing here forces one.
package secretsmanager

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"github.com/gander-images/gander/shared/awsfailure"
	"github.com/gander-images/gander/shared/vault"
)

var _ vault.Vault = (*Vault)(nil)

// A Vault is the secrets of one deployment. It may be used from any number of
// goroutines and needs no closing.
type Vault struct {
	client     *secretsmanager.Client
	deployment string
	patience   time.Duration
}

// An Option changes how a vault is opened.
type Option func(*Vault)

// WithPatience sets how long one call of the vault is tried where its context has no
// earlier deadline. The default is five seconds.
func WithPatience(d time.Duration) Option { return func(v *Vault) { v.patience = d } }

// Open returns the vault of a deployment, whose name has no slash. It does not call
// AWS: what is not for us shows at the first use.
func Open(cfg aws.Config, deployment string, options ...Option) *Vault {
	v := &Vault{deployment: deployment, patience: 5 * time.Second}
	for _, o := range options {
		o(v)
	}
	v.client = secretsmanager.NewFromConfig(cfg, func(o *secretsmanager.Options) {
		o.Retryer, o.RetryMaxAttempts = aws.NopRetryer{}, 0 // retry.go does it
		o.APIOptions = append(o.APIOptions, awsfailure.Watch)
	})
	return v
}

func (v *Vault) id(n vault.Name) *string {
	return aws.String(v.deployment + "/" + n.Key + "/" + strconv.Itoa(n.Generation))
}

// nameOf reads a secret's name back; ok is false for one that is no key of ours.
func (v *Vault) nameOf(id string) (n vault.Name, ok bool) {
	rest, ours := strings.CutPrefix(id, v.deployment+"/")
	key, number, _ := strings.Cut(rest, "/")
	generation, err := strconv.Atoi(number)
	n = vault.Name{Key: key, Generation: generation}
	return n, ours && err == nil && vault.CheckName(n) == nil && *v.id(n) == id
}

// token makes each try to make one secret the same request: made twice, with the same
// value, it succeeds twice.
//
// Source: AWS Secrets Manager API Reference, CreateSecret, ClientRequestToken.
func token(id *string) *string {
	sum := sha256.Sum256([]byte(*id))
	return aws.String(hex.EncodeToString(sum[:]))
}

// Create implements vault.Vault.
//
// A name that is taken is looked at once more, where reading values is allowed: not
// every engine knows its own token again. Without leave to read it is ErrExists, for
// AWS has compared the values itself.
func (v *Vault) Create(ctx context.Context, name vault.Name, value []byte) error {
	if err := errors.Join(vault.CheckName(name), vault.CheckValue(value)); err != nil {
		return err
	}
	id := v.id(name)
	err := v.do(ctx, "CreateSecret", true, func(ctx context.Context) error {
		_, err := v.client.CreateSecret(ctx, &secretsmanager.CreateSecretInput{
			Name: id, SecretBinary: value, ClientRequestToken: token(id),
		})
		return err
	})
	switch {
	case errors.Is(err, errState):
		return vault.ErrScheduled
	case !errors.Is(err, vault.ErrExists):
		return unstated(err)
	}
	is, reading := v.Get(ctx, name)
	switch {
	case errors.Is(reading, vault.ErrScheduled):
		return vault.ErrScheduled
	case reading == nil && bytes.Equal(is, value):
		return nil
	}
	return vault.ErrExists
}

// Get implements vault.Vault.
func (v *Vault) Get(ctx context.Context, name vault.Name) (value []byte, err error) {
	if err := vault.CheckName(name); err != nil {
		return nil, err
	}
	err = v.do(ctx, "GetSecretValue", false, func(ctx context.Context) error {
		out, err := v.client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: v.id(name)})
		if err == nil {
			value = out.SecretBinary
		}
		return err
	})
	if errors.Is(err, errState) {
		return nil, vault.ErrScheduled
	}
	return value, err
}

// Describe implements vault.Vault.
//
// Source: AWS Secrets Manager API Reference, DescribeSecret, DeletedDate.
func (v *Vault) Describe(ctx context.Context, name vault.Name) (vault.Secret, error) {
	if err := vault.CheckName(name); err != nil {
		return vault.Secret{}, err
	}
	out, err := v.describe(ctx, v.id(name))
	if err != nil {
		return vault.Secret{}, err
	}
	return secretOf(name, out.DeletedDate), nil
}

func secretOf(name vault.Name, deleted *time.Time) vault.Secret {
	s := vault.Secret{Name: name, Scheduled: deleted != nil}
	if s.Scheduled {
		s.GoneAt = deleted.UTC()
	}
	return s
}

func (v *Vault) describe(ctx context.Context, id *string) (out *secretsmanager.DescribeSecretOutput, err error) {
	err = v.do(ctx, "DescribeSecret", false, func(ctx context.Context) error {
		out, err = v.client.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: id})
		return err
	})
	return out, unstated(err)
}

// Schedule implements vault.Vault.
func (v *Vault) Schedule(ctx context.Context, name vault.Name, window time.Duration) error {
	days, err := vault.Days(window)
	if err := errors.Join(vault.CheckName(name), err); err != nil {
		return err
	}
	return v.turn(ctx, "DeleteSecret", name, true, func(ctx context.Context) error {
		_, err := v.client.DeleteSecret(ctx, &secretsmanager.DeleteSecretInput{SecretId: v.id(name), RecoveryWindowInDays: &days})
		return err
	})
}

// Restore implements vault.Vault.
func (v *Vault) Restore(ctx context.Context, name vault.Name) error {
	if err := vault.CheckName(name); err != nil {
		return err
	}
	return v.turn(ctx, "RestoreSecret", name, false, func(ctx context.Context) error {
		_, err := v.client.RestoreSecret(ctx, &secretsmanager.RestoreSecretInput{SecretId: v.id(name)})
		return err
	})
}

// turns is how often a change is asked for whose secret others change meanwhile.
const turns = 3

// turn schedules a secret or restores it. Where its state does not allow that, it may be
// as the change would leave it, or have been changed since.
func (v *Vault) turn(ctx context.Context, call string, name vault.Name, scheduled bool, change func(context.Context) error) error {
	var err error
	for range turns {
		if err = v.do(ctx, call, true, change); !errors.Is(err, errState) {
			return err
		}
		s, describing := v.Describe(ctx, name)
		if describing != nil || s.Scheduled == scheduled {
			return describing
		}
	}
	return unstated(err)
}

// List implements vault.Vault.
func (v *Vault) List(ctx context.Context, visit func(vault.Secret) error) error {
	in := &secretsmanager.ListSecretsInput{
		IncludePlannedDeletion: aws.Bool(true), MaxResults: aws.Int32(100),
		Filters: []types.Filter{{Key: types.FilterNameStringTypeName, Values: []string{v.deployment + "/"}}},
	}
	for {
		var page *secretsmanager.ListSecretsOutput
		err := v.do(ctx, "ListSecrets", false, func(ctx context.Context) (err error) {
			page, err = v.client.ListSecrets(ctx, in)
			return err
		})
		if err != nil {
			return unstated(err)
		}
		for _, entry := range page.SecretList {
			name, ours := v.nameOf(aws.ToString(entry.Name))
			if !ours {
				continue
			}
			if err := visit(secretOf(name, entry.DeletedDate)); err != nil {
				return err
			}
		}
		if in.NextToken = page.NextToken; aws.ToString(in.NextToken) == "" {
			return nil
		}
	}
}

// unstated is an error for calls where a secret's state is no answer of the port's.
func unstated(err error) error {
	if errors.Is(err, errState) {
		return fmt.Errorf("%w: %w", vault.ErrBusy, err)
	}
	return err
}
