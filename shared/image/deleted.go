package image

import (
	"context"
	"slices"

	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
)

// A DeletedQuery says which of the deleted images to list. Make one with
// ParseDeletedQuery.
type DeletedQuery struct {
	limit  int
	marker string  // empty: from the start
	owner  *string // nil: any
}

// deletedParams are the parameters of a list of deleted images.
var deletedParams = []string{"limit", "marker", "owner"}

// ParseDeletedQuery reads the parameters of a list of deleted images, decoded. Of
// a repeated one the last counts.
//
// Errors: problem.Invalid, for parameters that there are not, too: who mistypes
// a filter must not be shown what it was to leave out.
func ParseDeletedQuery(params map[string][]string) (DeletedQuery, error) {
	var unknown []string
	for name := range params {
		if !slices.Contains(deletedParams, name) {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) > 0 {
		return DeletedQuery{}, problem.New(problem.Invalid, "Deleted images are not listed by '%s'.", slices.Min(unknown))
	}
	var q DeletedQuery
	var err error
	if q.limit, err = parseLimit(params["limit"]); err != nil {
		return DeletedQuery{}, err
	}
	if q.marker, err = parseMarker(params["marker"]); err != nil {
		return DeletedQuery{}, err
	}
	if owners := params["owner"]; len(owners) > 0 {
		q.owner = &owners[len(owners)-1]
	}
	return q, nil
}

// ListDeleted returns a page of the images that can be restored, the last deleted
// first. g is the grant of restore_image for the caller alone; may decides it for
// each image, of which those refused are left out.
//
// Errors: Invalid for a marker that is no deleted image, or not the caller's to
// restore; Unavailable when the context's deadline comes before anything was
// found; those of may and the table.
func (s *Service) ListDeleted(ctx context.Context, g policy.Grant, q DeletedQuery, may func(*Image) (bool, error)) (Page, error) {
	if err := g.Permits(policy.RestoreImage); err != nil {
		return Page{}, err
	}
	p := &deletedPage{listing: &listing{service: s, may: may}, query: q}
	start, err := p.start(ctx)
	if err != nil || q.limit == 0 {
		return Page{}, err
	}
	m := &merge{table: s.Table, backward: true, entries: q.limit}
	for n := range shards {
		m.streams = append(m.streams, &stream{partition: listPartition(deletedScope, deletedOrder, n), last: start})
	}
	more, err := p.fill(ctx, m)
	if err != nil {
		return Page{}, err
	}
	return Page{Images: p.rows, More: more}, nil
}

// A deletedPage grows at its end.
type deletedPage struct {
	*listing
	query DeletedQuery
	rows  []*Image
	bytes int
	ended bool // before the limit: no room for the next record
}

// start returns the position that the page begins after; empty for the list's own
// start.
func (p *deletedPage) start(ctx context.Context) (string, error) {
	if p.query.marker == "" {
		return "", nil
	}
	img, err := p.service.read(ctx, p.query.marker)
	if err != nil {
		return "", err
	}
	known := img != nil && img.Deletion != nil
	if known {
		if known, err = p.may(img); err != nil {
			return "", err
		}
	}
	if !known {
		return "", errMarker(p.query.marker)
	}
	return position(img, deletedOrder), nil
}

// fill reads on until the page is full. more says that there may be another page:
// then this one has rows.
func (p *deletedPage) fill(ctx context.Context, m *merge) (more bool, err error) {
	for batch := min(p.query.limit, maxBatch); !p.ended && len(p.rows) < p.query.limit; batch = maxBatch {
		if len(p.rows) > 0 && (p.reads >= maxPageReads || pressed(ctx)) {
			return true, nil
		}
		if pressed(ctx) {
			return false, problem.New(problem.Unavailable, "No deleted image was found in the time that there is for one request. Ask without an owner.")
		}
		found, err := m.candidates(ctx, batch)
		if err != nil || len(found) == 0 {
			return false, err
		}
		if err := p.add(ctx, found); err != nil {
			return false, err
		}
		m.readAhead()
	}
	return true, nil
}

// add takes those of the candidates in that belong to the page.
func (p *deletedPage) add(ctx context.Context, found []candidate) error {
	images, err := p.records(ctx, found)
	if err != nil {
		return err
	}
	p.reads += len(found)
	for i, img := range images {
		if img == nil || !p.belongs(img, found[i]) {
			continue
		}
		switch ok, err := p.may(img); {
		case err != nil:
			return err
		case !ok:
			continue
		}
		if p.ended = len(p.rows) > 0 && p.bytes+img.storedBytes() > maxPageBytes; p.ended {
			return nil
		}
		p.bytes += img.storedBytes()
		if p.rows = append(p.rows, img); len(p.rows) == p.query.limit {
			return nil
		}
	}
	return nil
}

// belongs reports whether the image can be restored, is wanted, and still stands
// where the entry says: one that came back and was deleted again stands elsewhere.
func (p *deletedPage) belongs(img *Image, at candidate) bool {
	if !restorable(img, p.service.now()) || position(img, deletedOrder) != at.sort {
		return false
	}
	return p.query.owner == nil || img.Owner != nil && *img.Owner == *p.query.owner
}
