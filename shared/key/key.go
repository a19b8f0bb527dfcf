// Package key keeps the records of image encryption keys: who holds a key, who
// may destroy it, and how far its end has come. Values are the vault's alone.
//
// One key, known holders, last one out, then a recovery window, and never on
// trust of an event. Every step is one transaction under the revision that was
// read; what follows it, in the vault or later, is written in the same transaction
// as a due entry, so that each step can be met again.
//
// Where to look:
//   - key, id, record, edit and holder: a record, and one transaction about it.
//   - create, clone, naming, consumer, remove and restore: what people and images do.
//   - steps: what the reaper and the sweeper do when a time has come.
//   - round and those that begin with it, report and deletions: what holds records and
//     secrets against each other, hour by hour.
//   - secret and those that begin with it: what the key manager shows.
//   - audit, census, recordlist and measure: what operators see.
package key

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/gander-images/gander/shared/problem"
	"github.com/gander-images/gander/shared/table"
	"github.com/gander-images/gander/shared/vault"
)

// A State is where a key stands in its life.
type State string

// The states. A key is usable while it is live or condemned.
const (
	Creating  State = "creating"  // recorded, its secret not known to be made
	Live      State = "live"      // usable
	Condemned State = "condemned" // usable; nobody holds it, and somebody wished it gone
	Scheduled State = "scheduled" // its secret is to be deleted, once, after the window
	Gone      State = "gone"      // the vault no longer has it
	Abandoned State = "abandoned" // its making came to nothing
	External  State = "external"  // named by images, never made here
)

// States are all states, in the order of a key's life.
var States = []State{Creating, Live, Condemned, Scheduled, Gone, Abandoned, External}

// Known reports whether a state is one.
func (s State) Known() bool { return slices.Contains(States, s) }

// A Record is what is known of one key.
type Record struct {
	ID      string
	Owner   string // project; empty on an external key
	Creator string // user
	State   State

	// Generation is the secret's that is, or was last, the key. Made is the highest
	// that was ever begun: a generation is used once.
	Generation int
	Made       int

	// First is the lowest generation with the key's value; those below it were tries to
	// give the key a value, and may have others. 0: all have it.
	First int

	// Holders counts all who hold the key, Own those of them who hold it as its owner
	// or for its owner: images of the owner's project, and consumers.
	Holders int
	Own     int

	// WishDelete and WishKeep say what entitled images that are purged wished.
	WishDelete bool
	WishKeep   bool

	// Confirmed says that the vault has the deletion of the generation on its list.
	Confirmed bool

	// Restoring says that an operator's restore is under way, towards generation Made.
	Restoring bool

	// Image is the one that the key was cloned for; its members read the key.
	Image string

	Due       time.Time // of the due entry; zero where there is none
	CreatedAt time.Time // whole microseconds, UTC
	UpdatedAt time.Time

	// Revision is the table's, as read; 0 on a record that is not stored yet.
	Revision int64

	// born tells this record from another one of the same key that was there before: a
	// record that goes and is made anew begins with revision 1 again.
	born int64

	change string // new with every save, so that one whose answer was lost can be recognised
	stored []byte // as read, so that fields which this version does not know survive
}

// Usable reports whether the key can be read and named by its owner.
func (r *Record) Usable() bool {
	return r != nil && (r.State == Live || r.State == Condemned)
}

// name is the vault's of the record's generation.
func (r *Record) name() vault.Name { return vault.Name{Key: r.ID, Generation: r.Generation} }

// A Service keeps keys in a table and their values in a vault.
type Service struct {
	Table  table.Table
	Vault  vault.Vault   // nil where only names are counted
	Delay  time.Duration // from the last holder's leaving until the deletion is scheduled
	Window time.Duration // recovery window, whole days
	Log    *slog.Logger

	// Measure takes what is counted about keys; nil: nobody counts.
	Measure func(Measure)

	Now   func() time.Time // time.Now unless a test sets it
	NewID func() string    // random UUIDs unless a test sets it
}

// ErrChanged is the loser's answer in a race for one record.
var ErrChanged = problem.New(problem.Conflict, "The key was changed by another request meanwhile. Try again.")

// Changed reports whether err says that the record was not as it had been read.
// Whoever reads it again, and is still allowed to, may try again.
func Changed(err error) bool { return errors.Is(err, ErrChanged) }

// ErrNotUsable refuses to name or use a key of one's own that is scheduled, gone or
// not made yet.
var ErrNotUsable = problem.New(problem.Conflict, "The key cannot be used: it is scheduled for deletion, gone, or not made.")

// ErrNotFound is the answer for absent keys and for those that are not the caller's
// to see.
var ErrNotFound = problem.New(problem.NotFound, "Secret not found.")

func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Microsecond) }

// Find returns the record of the key with the id, whoever asks and whatever its
// state; nil where there is none. What it returns is nobody's to see before policy
// has spoken.
func (s *Service) Find(ctx context.Context, id string) (*Record, error) {
	return s.read(ctx, ID(id))
}

// FindAll returns the records of the keys with the ids, in their order; nil for each
// that there is none of. As with Find they are nobody's to see yet.
func (s *Service) FindAll(ctx context.Context, ids ...string) ([]*Record, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	keys := make([]table.Key, len(ids))
	for i, id := range ids {
		keys[i] = recordKey(ID(id))
	}
	items, err := s.Table.Get(ctx, keys...)
	if err != nil {
		return nil, fmt.Errorf("reading keys: %w", err)
	}
	records := make([]*Record, len(ids))
	for i, item := range items {
		if records[i], err = decode(item); err != nil {
			return nil, err
		}
	}
	return records, nil
}
