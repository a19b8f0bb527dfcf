package image

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
	"github.com/gander-images/gander/shared/table"
)

// Bounds of one page.
const (
	maxPageBytes   = 4 << 20         // of records as stored, so that memory and answer stay small
	maxPageReads   = 2000            // records looked at, once there is something to show
	maxBatch       = 100             // records read at once
	timeForAnswer  = 1 * time.Second // left of the request's time when looking on ends
	maxNameStreams = 8               // names in a filter that are looked up one by one
)

// A Query says which images to list, and which of them to show. Make one with
// ParseQuery.
type Query struct {
	limit  int
	marker string // empty: from the start
	sort   sorting
	filter filter
}

// A Page is some images of a list, in its order.
type Page struct {
	Images []*Image

	// More says that the next page, with the last image as its marker, may hold
	// something. Then there is a last image.
	More bool
}

// ParseQuery reads the parameters of a list, decoded.
//
// Errors: problem.Invalid.
//
// Source: glance/api/v2/images.py, RequestDeserializer.index.
func ParseQuery(params map[string][]string) (Query, error) {
	var q Query
	var err error
	if q.limit, err = parseLimit(params["limit"]); err != nil {
		return Query{}, err
	}
	if q.marker, err = parseMarker(params["marker"]); err != nil {
		return Query{}, err
	}
	if q.filter, err = parseFilter(params); err != nil {
		return Query{}, err
	}
	if q.sort, err = parseSort(params); err != nil {
		return Query{}, err
	}
	return q, nil
}

func parseLimit(values []string) (int, error) {
	if len(values) == 0 {
		return DefaultListLimit, nil
	}
	value := strings.TrimSpace(values[len(values)-1])
	digits := strings.TrimPrefix(value, "+")
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return 0, problem.New(problem.Invalid, "Invalid limit '%s': it must be an integer, 0 or more.", value)
	}
	if n, err := strconv.Atoi(digits); err == nil {
		return min(n, MaxListLimit), nil
	}
	return MaxListLimit, nil // more than an int holds
}

// parseMarker returns the id that a page begins after; empty for none.
func parseMarker(values []string) (string, error) {
	if len(values) == 0 {
		return "", nil
	}
	marker := values[len(values)-1]
	if marker == "" {
		return "", errMarker("")
	}
	return marker, nil
}

func errMarker(id string) error {
	return problem.New(problem.Invalid, "Invalid marker '%s': there is no such image.", id)
}

// List returns the page of images that q asks for, as far as c may see them. g
// is the grant of get_images; may decides get_image for each image, of which
// those refused are left out. A filter by a property that protection hides finds
// nothing. What it hides of the images is still in them: show SeenThrough.
//
// A page in an order that entries are kept in reads what it shows, wherever it
// stands in the list. A filter makes it read on; a page that shows something
// ends after 2,000 records. Images that others share with c are found by
// creation: a page by name reads all of those. Other orders read all images that
// c may list. A record is listed as it is when it is read: an image that is
// renamed while somebody walks a list by name may appear in two pages, or in
// none; so may one that goes from one list to another, of public and community
// images or by its status for the member, while both are read for one page.
//
// Errors: Invalid and Forbidden for a marker that is no image, or not the
// caller's to see; Unavailable when the context's deadline comes before anything
// was found; those of may and the table.
//
// Source: glance/api/v2/images.py, ImagesController.index.
func (s *Service) List(
	ctx context.Context, g policy.Grant, protection Protection, c caller.Caller, q Query, may func(*Image) (bool, error),
) (Page, error) {
	if err := g.Permits(policy.GetImages); err != nil {
		return Page{}, err
	}
	q.filter = q.filter.seenThrough(protection)
	marker, err := s.marker(ctx, c, q.marker)
	if err != nil || q.limit == 0 {
		return Page{}, err
	}
	l := &listing{service: s, caller: c, query: q, marker: marker, may: may}
	switch order, backward, ok := q.sort.listOrder(); {
	case q.filter.ids != nil:
		return l.scan(ctx, l.named(q.filter.ids))
	case !ok:
		return l.scan(ctx, l.everything())
	default:
		return l.inOrder(ctx, order, backward)
	}
}

// marker returns the image that a page begins after; nil for none.
//
// Source: glance/db/sqlalchemy/api.py, image_get_all; glance/api/v2/images.py,
// index (NotFound becomes 400).
func (s *Service) marker(ctx context.Context, c caller.Caller, id string) (*Image, error) {
	if id == "" {
		return nil, nil
	}
	img, err := s.read(ctx, id)
	if err != nil {
		return nil, err
	}
	if img == nil || img.Status == Purged || !img.Status.Exists() && !c.Admin {
		return nil, errMarker(id)
	}
	member := false
	if asksMembership(img, c) {
		if member, err = s.isMember(ctx, img, c.ProjectID); err != nil {
			return nil, err
		}
	}
	if !visible(img, c, member) {
		return nil, problem.New(problem.Forbidden, "You are not permitted to use image %s as a marker.", id)
	}
	return img, nil
}

// A listing is one page being made.
type listing struct {
	service *Service
	caller  caller.Caller
	query   Query
	marker  *Image
	may     func(*Image) (bool, error)
	reads   int // records looked at
}

// after reports whether the image stands behind the marker.
func (l *listing) after(img *Image) bool {
	return l.marker == nil || l.query.sort.compare(l.marker, img) < 0
}

// records reads the images of the candidates, nil where one is gone.
func (l *listing) records(ctx context.Context, found []candidate) ([]*Image, error) {
	keys := make([]table.Key, len(found))
	for i := range found {
		keys[i] = Key(found[i].id)
	}
	items, err := l.service.Table.Get(ctx, keys...)
	if err != nil {
		return nil, fmt.Errorf("reading %d images of a list: %w", len(found), err)
	}
	images := make([]*Image, len(found))
	for i, item := range items {
		if item == nil {
			continue
		}
		if images[i], err = decode(item); err != nil {
			return nil, err
		}
	}
	return images, nil
}

// pressed reports whether it is time to answer with what there is.
func pressed(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return ok && time.Until(deadline) < timeForAnswer
}

var errLate = problem.New(problem.Unavailable,
	"Nothing was found in the time that there is for one request. Narrow the filters, or sort by created_at or name.")
