package key

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/gander-images/gander/shared/table"
)

// The kinds of report that wait for an operator.
const (
	reportElsewhere  = "elsewhere"  // a key that is kept elsewhere was to go
	reportMissing    = "missing"    // the secret of a usable key is gone
	reportUnrecorded = "unrecorded" // a secret that no record is about
)

// elsewhereLife is how long it is told that a key which is kept elsewhere was to go.
const elsewhereLife = 90 * 24 * time.Hour

// A Report is something about a key that an operator should know.
type Report struct {
	Key        string    `json:"key"`
	Kind       string    `json:"kind"`
	Generation int       `json:"generation,omitempty"` // of the secret that it is about
	Why        string    `json:"why"`
	At         time.Time `json:"at"`

	// Told says, of a missing key, that the owners of images are told who named it
	// until then. A task that has expired is not left again.
	Told time.Time `json:"told,omitzero"`

	revision int64 // 0: it does not stand yet
}

const reports = "key-reports"

// place is where the report stands: those of a kind together. What was to go
// elsewhere can be told of one key more than once, the rest of each secret once.
func (r Report) place() table.Key {
	id := table.Text(r.Key, maxTextKey)
	if r.Kind == reportElsewhere {
		return table.Key{Partition: reports, Sort: r.Kind + "#" + r.At.Format(momentLayout) + "#" + id}
	}
	return table.Key{Partition: reports, Sort: r.Kind + "#" + id + "#" + strconv.Itoa(r.Generation)}
}

func (r Report) put() (table.Write, error) {
	body, err := json.Marshal(r)
	if err != nil {
		return table.Write{}, fmt.Errorf("writing a report about key %s: %w", r.Key, err)
	}
	condition := table.IfAbsent()
	if r.revision > 0 {
		condition = table.IfRevision(r.revision)
	}
	return table.Write{Kind: table.Put, Key: r.place(), Schema: schema, Body: body, If: condition}, nil
}

func (e *edit) report(kind, why string) {
	w, err := Report{Key: e.id, Kind: kind, Why: why, At: e.service.now()}.put()
	if err != nil {
		return // four texts and a time can be written
	}
	e.reports = append(e.reports, w)
}

func decodeReport(item table.Item) (r Report, err error) {
	if item.Schema > schema {
		return r, errNewer
	}
	if err := json.Unmarshal(item.Body, &r); err != nil {
		return r, fmt.Errorf("reading report %q: %w", item.Sort, err)
	}
	r.revision = item.Revision
	return r, nil
}

// standing returns the report as it stands, and r where it does not stand yet.
func (s *Service) standing(ctx context.Context, r Report) (Report, error) {
	items, err := s.Table.Get(ctx, r.place())
	if err != nil {
		return r, fmt.Errorf("reading the report of key %s as %s: %w", r.Key, r.Kind, err)
	}
	if items[0] == nil {
		return r, nil
	}
	return decodeReport(*items[0])
}

// tell leaves a report, and says whether it was not there, or was as it was read. Lost
// answers are no matter: whoever tells again is told that it stands.
func (s *Service) tell(ctx context.Context, r Report) (bool, error) {
	w, err := r.put()
	if err != nil {
		return false, err
	}
	outcome, err := s.Table.Transact(ctx, w)
	if err != nil {
		return false, fmt.Errorf("reporting key %s as %s: %w", r.Key, r.Kind, err)
	}
	return outcome.OK(), nil
}

// withdraw takes a report back that no longer holds.
func (s *Service) withdraw(ctx context.Context, r Report) error {
	_, err := s.Table.Transact(ctx, table.Write{Kind: table.Delete, Key: r.place(), If: table.IfPresent()})
	if err != nil {
		return fmt.Errorf("withdrawing the report of key %s as %s: %w", r.Key, r.Kind, err)
	}
	return nil
}

// reportPage returns reports of a kind in the order of their places, after one of
// them, and whether more follow.
func (s *Service) reportPage(ctx context.Context, kind, after string, limit int) (found []Report, last string, more bool, err error) {
	page, err := s.Table.Query(ctx, table.Query{Partition: reports, Prefix: kind + "#", After: after, Limit: limit})
	if err != nil {
		return nil, "", false, fmt.Errorf("reading the reports about keys: %w", err)
	}
	for _, item := range page.Items {
		r, err := decodeReport(item)
		if err != nil {
			return nil, "", false, err
		}
		found, last = append(found, r), item.Sort
	}
	if page.More {
		last = page.Last
	}
	return found, last, page.More, nil
}
