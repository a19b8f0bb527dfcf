package key

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
	"github.com/gander-images/gander/shared/table"
)

// A RecordQuery says which keys an operator wants to see, the newest first.
type RecordQuery struct {
	Limit  int     // at least 1
	Marker string  // id of the last key of the page before; empty: from the start
	State  State   // empty: any
	Owner  *string // project; nil: any
}

// A RecordPage is a page of keys. More says that there may be another: then this one
// has some.
type RecordPage struct {
	Records []*Record
	More    bool
}

// maxLooks is how many records one page may look at once it holds something.
const maxLooks = 2000

// Records returns a page of the deployment's keys, whosever they are.
//
// Errors: Invalid for a marker that is no key; Unavailable when the context's deadline
// comes before anything was found; the table's.
func (s *Service) Records(ctx context.Context, g policy.Grant, q RecordQuery) (RecordPage, error) {
	if err := g.Permits(policy.ManageKeys); err != nil {
		return RecordPage{}, err
	}
	list := table.Query{Partition: listPartition(""), Backward: true, Limit: pageSize}
	if q.Owner != nil && *q.Owner != "" {
		list.Partition = listPartition(*q.Owner)
	}
	if q.Marker != "" {
		r, err := s.Find(ctx, q.Marker)
		if err != nil {
			return RecordPage{}, err
		}
		if r == nil {
			return RecordPage{}, problem.New(problem.Invalid, "There is no key '%s' that a page could begin after.", q.Marker)
		}
		list.After = entries(r)[0].Sort
	}
	return s.fillRecords(ctx, q, list)
}

func (s *Service) fillRecords(ctx context.Context, q RecordQuery, list table.Query) (page RecordPage, err error) {
	for looked := 0; ; {
		late := pressed(ctx)
		switch some := len(page.Records) > 0; {
		case some && (late || looked >= maxLooks):
			page.More = true
			return page, nil
		case late:
			return page, problem.New(problem.Unavailable, "No key was found in the time that there is for one request. Ask without a filter.")
		}
		found, err := s.Table.Query(ctx, list)
		if err != nil {
			return page, fmt.Errorf("reading the list of keys: %w", err)
		}
		items, err := s.ofEntries(ctx, found.Items)
		if err != nil {
			return page, err
		}
		for i, item := range items {
			r, err := decode(item)
			if err != nil {
				return page, err
			}
			if !q.takes(r) {
				continue
			}
			if page.Records = append(page.Records, r); len(page.Records) == q.Limit {
				page.More = found.More || i < len(items)-1
				return page, nil
			}
		}
		if !found.More {
			return page, nil
		}
		looked, list.After = looked+len(items), found.Last
	}
}

func (q RecordQuery) takes(r *Record) bool {
	return r != nil && (q.State == "" || r.State == q.State) && (q.Owner == nil || r.Owner == *q.Owner)
}

// HoldersAfter returns up to limit of the key's holders, from behind a position on,
// which is empty for the start, and the position to go on from; empty at the end.
//
// Errors: Invalid for a position that no page gave; the table's.
func (s *Service) HoldersAfter(
	ctx context.Context, g policy.Grant, id, after string, limit int,
) (found []Holder, next string, err error) {
	if err := g.Permits(policy.ManageKeys); err != nil {
		return nil, "", err
	}
	q := table.Query{Partition: partition(id), Prefix: holderPrefix, Limit: limit}
	if after != "" {
		position, err := base64.RawURLEncoding.DecodeString(after)
		q.After = string(position)
		if err != nil || !strings.HasPrefix(q.After, holderPrefix) || !utf8.Valid(position) || len(position) > table.MaxSortBytes {
			return nil, "", problem.New(problem.Invalid, "There is no page of holders that begins after '%s'.", after)
		}
	}
	page, err := s.Table.Query(ctx, q)
	if err != nil {
		return nil, "", fmt.Errorf("reading the holders of key %s: %w", id, err)
	}
	for i := range page.Items {
		h, err := decodeHolder(&page.Items[i])
		if err != nil {
			return nil, "", err
		}
		found = append(found, *h)
	}
	if page.More {
		next = base64.RawURLEncoding.EncodeToString([]byte(page.Last))
	}
	return found, next, nil
}
