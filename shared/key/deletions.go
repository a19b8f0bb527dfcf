package key

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/gander-images/gander/shared/table"
)

// Deletions says whether this deployment's keys may be deleted. They are off after
// the table was restored from a copy, until an operator turns them on.
type Deletions struct {
	Enabled bool      `json:"enabled"`
	Since   time.Time `json:"since,omitzero"`
	Why     string    `json:"why,omitempty"`
}

// upkeep is what the deployment keeps about its keys as a whole.
type upkeep struct {
	Epoch  int64     `json:"epoch"`
	Raised time.Time `json:"raised,omitzero"` // when the epoch was raised last
	Off    bool      `json:"off,omitempty"`
	Since  time.Time `json:"since,omitzero"`
	Why    string    `json:"why,omitempty"`

	revision int64
}

var upkeepKey = table.Key{Partition: "deployment", Sort: "keys"}

func (s *Service) readUpkeep(ctx context.Context) (upkeep, error) {
	items, err := s.Table.Get(ctx, upkeepKey)
	if err != nil {
		return upkeep{}, fmt.Errorf("reading the epoch of keys: %w", err)
	}
	var u upkeep
	if items[0] == nil {
		return u, nil
	}
	if items[0].Schema > schema {
		return u, errNewer
	}
	if err := json.Unmarshal(items[0].Body, &u); err != nil {
		return u, fmt.Errorf("reading the epoch of keys: %w", err)
	}
	u.revision = items[0].Revision
	return u, nil
}

func (s *Service) putUpkeep(ctx context.Context, u upkeep) error {
	body, err := json.Marshal(u)
	if err != nil {
		return fmt.Errorf("writing the epoch of keys: %w", err)
	}
	w := table.Write{Kind: table.Put, Key: upkeepKey, Schema: schema, Body: body, If: table.IfAbsent()}
	if u.revision > 0 {
		w.If = table.IfRevision(u.revision)
	}
	outcome, err := s.Table.Transact(ctx, w)
	switch {
	case err != nil:
		return fmt.Errorf("writing the epoch of keys: %w", err)
	case !outcome.OK():
		return errChanged
	}
	return nil
}

// deletes reports whether keys may be deleted now. It looks anew each time: a table
// behind its vault was restored, and what it says of holders is old. Then it turns
// deletions off.
func (s *Service) deletes(ctx context.Context) (bool, error) {
	u, err := s.readUpkeep(ctx)
	if err != nil || u.Off {
		return false, err
	}
	epoch, err := s.Vault.Epoch(ctx)
	if err != nil {
		return false, fmt.Errorf("reading the vault's epoch: %w", err)
	}
	if u.Epoch >= epoch {
		return true, nil
	}
	u.Off, u.Since = true, s.now()
	u.Why = fmt.Sprintf("the table is at epoch %d and the vault at %d: the table was restored from a copy", u.Epoch, epoch)
	s.Log.ErrorContext(ctx, "keys are not deleted any more until an operator turns that on", "why", u.Why)
	return false, s.putUpkeep(ctx, u)
}
