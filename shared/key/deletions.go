package key

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/gander-images/gander/shared/document"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/table"
)

// Deletions says whether this deployment's keys may be deleted. They are off after
// the table was restored from a copy, until an operator turns them on.
type Deletions struct {
	Enabled bool      `json:"enabled"`
	Since   time.Time `json:"since,omitzero"`
	Why     string    `json:"why,omitempty"`
}

// Epochs are the numbers by which a restored table is recognised: each time that the
// table's is raised the vault's is raised after it, so that a table behind its vault
// is not the one that raised it last.
type Epochs struct {
	Table int64
	Vault int64
}

// Behind reports whether the table is older than what the vault has seen of it.
func (e Epochs) Behind() bool { return e.Table < e.Vault }

func (e Epochs) why() string {
	return fmt.Sprintf("the table is at epoch %d and the key store at %d: the table was restored from a copy", e.Table, e.Vault)
}

// upkeep is what the deployment keeps about its keys as a whole.
type upkeep struct {
	Epoch  int64     `json:"epoch"`
	Raised time.Time `json:"raised,omitzero"` // when the epoch was raised last
	Off    bool      `json:"off,omitempty"`
	Since  time.Time `json:"since,omitzero"`
	Why    string    `json:"why,omitempty"`

	// Walk is the part of a round that is under way, empty between rounds; After is
	// how far it has come. Ended is when the last round was through.
	Walk  string    `json:"walk,omitempty"`
	After string    `json:"after,omitempty"`
	Ended time.Time `json:"ended,omitzero"`

	revision int64
	stored   []byte
}

var (
	upkeepKey    = table.Key{Partition: "deployment", Sort: "keys"}
	upkeepFields = document.Fields(upkeep{})
)

func (u upkeep) deletions() Deletions {
	return Deletions{Enabled: !u.Off, Since: u.Since, Why: u.Why}
}

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
	u.revision, u.stored = items[0].Revision, items[0].Body
	return u, nil
}

// putUpkeep saves what was read and changed, and leaves the new revision in it.
//
// Errors: Changed when another has saved meanwhile; the table's, after which it may
// have been saved or not.
func (s *Service) putUpkeep(ctx context.Context, u *upkeep) error {
	body, err := json.Marshal(u)
	if err == nil {
		body, err = document.Keep(body, u.stored, upkeepFields)
	}
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
		return ErrChanged
	}
	u.revision, u.stored = u.revision+1, body
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
	epoch, err := s.vaultEpoch(ctx)
	if err != nil {
		return false, err
	}
	if at := (Epochs{u.Epoch, epoch}); at.Behind() {
		u.Raised = time.Time{} // a round is due: whoever turns them on again needs to know what it finds
		s.turnOff(ctx, &u, at.why())
		return false, s.putUpkeep(ctx, &u)
	}
	return true, nil
}

func (s *Service) vaultEpoch(ctx context.Context) (int64, error) {
	epoch, err := s.Vault.Epoch(ctx)
	if err != nil {
		return 0, fmt.Errorf("reading the vault's epoch: %w", err)
	}
	return epoch, nil
}

// turnOff is for a table that is behind its vault. It is told at once: whatever becomes
// of the write, nothing is deleted.
func (s *Service) turnOff(ctx context.Context, u *upkeep, why string) {
	u.Off, u.Since, u.Why = true, s.now(), why
	s.tellOff(ctx, why)
}

func (s *Service) tellOff(ctx context.Context, why string) {
	s.Log.ErrorContext(ctx, "keys are not deleted any more until an operator turns that on", "alarm", "deletions-off", "why", why)
	s.measure(MeasureOff, "", 1)
}

// Deletions tells whether keys are deleted. It writes nothing: a table that is behind
// its vault, which nobody has met yet, is told of all the same.
//
// Errors: those of the table and the vault, of which the latter leaves what the table
// alone says.
func (s *Service) Deletions(ctx context.Context) (Deletions, Epochs, error) {
	u, err := s.readUpkeep(ctx)
	if err != nil {
		return Deletions{}, Epochs{}, err
	}
	at := Epochs{Table: u.Epoch}
	if at.Vault, err = s.vaultEpoch(ctx); err != nil {
		return u.deletions(), at, err
	}
	d := u.deletions()
	if d.Enabled && at.Behind() {
		d = Deletions{Why: at.why()}
	}
	return d, at, nil
}

// SetDeletions turns the deletion of keys on or off, at an operator's word. Turning it
// on says that what the table holds is right: its epoch, and then the vault's, is
// raised above both. What is so already stays as it is.
//
// Errors: Changed when another has saved meanwhile; those of the table and the vault.
func (s *Service) SetDeletions(ctx context.Context, g policy.Grant, enabled bool, why string) (Deletions, error) {
	if err := g.Permits(policy.ManageKeys); err != nil {
		return Deletions{}, err
	}
	u, err := s.readUpkeep(ctx)
	if err != nil {
		return Deletions{}, err
	}
	if !enabled {
		return s.stopDeletions(ctx, u, why)
	}
	epoch, err := s.vaultEpoch(ctx)
	if err != nil {
		return Deletions{}, err
	}
	at := Epochs{u.Epoch, epoch}
	if !u.Off && !at.Behind() {
		return u.deletions(), nil
	}
	u.Epoch = max(at.Table, at.Vault) + 1
	u.Off, u.Since, u.Why = false, s.now(), why
	if err := s.putUpkeep(ctx, &u); err != nil {
		return Deletions{}, err
	}
	s.Log.WarnContext(ctx, "an operator turned the deletion of keys on", "epoch", u.Epoch, "why", why)
	if err := s.Vault.RaiseEpoch(ctx, u.Epoch); err != nil {
		// The table is ahead of the vault, which is as good; the next round raises both.
		s.Log.WarnContext(ctx, "the vault's epoch is raised later", "epoch", u.Epoch, "error", err)
	}
	return u.deletions(), nil
}

func (s *Service) stopDeletions(ctx context.Context, u upkeep, why string) (Deletions, error) {
	if u.Off {
		return u.deletions(), nil
	}
	u.Off, u.Since, u.Why = true, s.now(), why
	if err := s.putUpkeep(ctx, &u); err != nil {
		return Deletions{}, err
	}
	s.tellOff(ctx, why)
	return u.deletions(), nil
}
