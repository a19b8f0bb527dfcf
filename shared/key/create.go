package key

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/gander-images/gander/shared/document"
	"github.com/gander-images/gander/shared/problem"
	"github.com/gander-images/gander/shared/table"
)

const (
	// makingTime is how long whoever makes a secret may take from the record on.
	makingTime = 5 * time.Minute
	// overdue is when a making has failed: with makingTime over, and the longest that a
	// call of the vault may be on its way.
	overdue = 20 * time.Minute
)

// Metadata is what callers see of a key that was made here, beside its record.
type Metadata struct {
	Name        string     `json:"name,omitempty"`
	Algorithm   string     `json:"algorithm,omitempty"`
	BitLength   int        `json:"bit_length,omitempty"`
	Mode        string     `json:"mode,omitempty"`
	Type        string     `json:"secret_type,omitempty"`
	ContentType string     `json:"content_type,omitempty"` // of the payload; empty until there is one
	Expires     *time.Time `json:"expiration,omitempty"`
	ACL         *ACL       `json:"acl,omitempty"`

	revision int64
	stored   []byte
}

var metadataFields = document.Fields(Metadata{})

func (m *Metadata) put(id string) (table.Write, error) {
	body, err := json.Marshal(m)
	if err == nil {
		body, err = document.Keep(body, m.stored, metadataFields)
	}
	if err != nil {
		return table.Write{}, fmt.Errorf("writing the metadata of key %s: %w", id, err)
	}
	condition := table.IfAbsent()
	if m.revision > 0 {
		condition = table.IfRevision(m.revision)
	}
	return table.Write{Kind: table.Put, Key: secretKey(id), Schema: schema, Body: body, If: condition}, nil
}

// Metadata returns what callers see of the key; nil where it was not made here.
func (s *Service) Metadata(ctx context.Context, id string) (*Metadata, error) {
	items, err := s.Table.Get(ctx, secretKey(id))
	if err != nil {
		return nil, fmt.Errorf("reading the metadata of key %s: %w", id, err)
	}
	return decodeMetadata(items[0])
}

func decodeMetadata(item *table.Item) (*Metadata, error) {
	if item == nil {
		return nil, nil
	}
	if item.Schema > schema {
		return nil, errNewer
	}
	var m Metadata
	if err := json.Unmarshal(item.Body, &m); err != nil {
		return nil, fmt.Errorf("reading %q: %w", item.Partition, err)
	}
	m.revision, m.stored = item.Revision, item.Body
	return &m, nil
}

// errTaken refuses to make a key anew.
var errTaken = problem.New(problem.Conflict, "A secret of this ID exists already, or existed.")

// A New is a key that is to be made.
type New struct {
	ID       string // empty: a new one
	Owner    string // project
	Creator  string // user
	Metadata Metadata
	Value    []byte

	// Beside are writes that happen together with the record's.
	Beside []table.Write
}

// Create makes a key: first its record, then its secret, then it is live. An id that
// images name already, but that was never made here, keeps its holders. Whatever
// fails, nothing is left but a record on its way out; only where the table does not
// tell whether the last step happened, the key may be there.
//
// Errors: Invalid for an id that is no UUID, Conflict for one that is taken; the
// vault's and the table's.
func (s *Service) Create(ctx context.Context, n New) (*Record, error) {
	r, err := s.Begin(ctx, n)
	if err != nil {
		return nil, err
	}
	made, err := s.whileMade(ctx, r, func(e *edit) { e.made("its secret is made") })
	if err != nil {
		s.Abandon(ctx, r)
		return nil, err
	}
	return made, nil
}

// makes is how often the step of a key that is being made meets images which name it
// meanwhile. They cannot be let decide whether it succeeds.
const makes = 10

// whileMade saves a step of the key that is being made, which r was when it was begun.
//
// Errors: Changed when it is not being made any more, or a payload has come for it,
// which makes a generation of its own.
func (s *Service) whileMade(ctx context.Context, r *Record, step func(*edit)) (*Record, error) {
	for try, now := 1, r; ; try++ {
		e := s.edit(r.ID, now)
		step(e)
		err := s.commit(ctx, e)
		if err == nil {
			return e.after, nil
		}
		if !Changed(err) || try == makes {
			return nil, err
		}
		if now, err = s.read(ctx, r.ID); err != nil {
			return nil, err
		}
		if now == nil || now.State != Creating || now.Generation != r.Generation || !now.CreatedAt.Equal(r.CreatedAt) {
			return nil, ErrChanged
		}
	}
}

// Begin makes a key's record and its secret. The key is not usable before it is made
// live; until then it is on its way out.
func (s *Service) Begin(ctx context.Context, n New) (*Record, error) {
	r, err := s.record(ctx, n)
	if err != nil {
		return nil, err
	}
	limit := r.CreatedAt.Add(makingTime).Sub(s.now())
	making, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if err := s.Vault.Create(making, r.name(), n.Value); err != nil {
		s.Abandon(ctx, r)
		return nil, fmt.Errorf("making the secret of key %s: %w", r.ID, err)
	}
	return r, nil
}

// record writes the record of a key that is about to be made.
func (s *Service) record(ctx context.Context, n New) (*Record, error) {
	if n.ID == "" {
		n.ID = s.NewID()
	}
	id, ok := UUID(n.ID)
	if !ok {
		return nil, problem.New(problem.Invalid, "'%s' is not a valid secret ID: it must be a UUID.", n.ID)
	}
	before, err := s.read(ctx, id)
	if err != nil {
		return nil, err
	}
	if before != nil && before.State != External {
		return nil, errTaken
	}
	e := s.edit(id, before)
	e.after, e.why = s.begun(id, n), "to be made"
	if before != nil {
		e.after.stored = before.stored
		if err := s.keepHolders(ctx, e); err != nil {
			return nil, err
		}
	}
	put, err := n.Metadata.put(e.id)
	if err != nil {
		return nil, err
	}
	return e.after, s.commit(ctx, e, append(n.Beside, put)...)
}

// begun is the record of a key that is about to be made, with nobody who holds it.
func (s *Service) begun(id string, n New) *Record {
	now := s.now()
	r := &Record{
		ID: id, Owner: n.Owner, Creator: n.Creator, State: Creating, Generation: 1, Made: 1,
		Due: now.Add(overdue), CreatedAt: now,
	}
	if n.Value == nil {
		r.Due = now.Add(waiting)
	}
	return r
}

// keepHolders counts anew who held a key before it had an owner.
func (s *Service) keepHolders(ctx context.Context, e *edit) error {
	holders, err := s.Holders(ctx, e.id)
	if err != nil {
		return err
	}
	for i := range holders {
		h := holders[i]
		h.Own = e.after.entitles(h.Owner)
		e.after.count(&h, +1)
		if h.Own != holders[i].Own {
			if err := e.put(&h); err != nil {
				return err
			}
		}
	}
	return nil
}

// Abandon gives up a key that is being made. What it fails to do, its due entry does.
func (s *Service) Abandon(ctx context.Context, r *Record) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	_, err := s.whileMade(ctx, r, func(e *edit) { e.abandon("making it failed") })
	if err != nil {
		s.Log.WarnContext(ctx, "a key that was not made is given up later", "key_id", r.ID, "error", err)
	}
}

func (e *edit) abandon(why string) {
	// A call that makes the secret may still be on its way: the record stays until it
	// must have arrived.
	e.after.State, e.after.Due, e.why = Abandoned, e.before.UpdatedAt.Add(overdue), why
}
