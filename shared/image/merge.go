package image

import (
	"context"
	"fmt"

	"github.com/gander-images/gander/shared/table"
)

// maxEntries is the most list entries that one query of a stream asks for once
// it has to read on.
const maxEntries = 500

// A candidate is an image that an entry names, at the place where it stood.
type candidate struct {
	id     string
	sort   string // the entry's sort key
	shared bool   // the caller's project has a member row of a status that was asked for
}

// A reader answers queries as a table does.
type reader interface {
	Query(ctx context.Context, q table.Query) (table.Page, error)
}

// A stream reads one range of one list, a page at a time.
type stream struct {
	from      reader // nil: the table of the merge
	mirror    bool   // of what is shared with the caller
	partition string
	prefix    string
	cut       int    // bytes of the sort key that do not count for its place
	last      string // read up to here; empty: from the start
	ahead     []table.Item
	ended     bool
}

// A merge reads several streams as one, in the order of the places. An image
// that stands at one place in several of them comes once.
type merge struct {
	table    table.Table
	streams  []*stream
	backward bool
	entries  int // how many to ask for at once
}

// peek returns the sort key of the next candidate without taking it; empty at
// the end.
func (m *merge) peek(ctx context.Context) (string, error) {
	st, err := m.first(ctx)
	if st == nil {
		return "", err
	}
	return st.ahead[0].Sort, nil
}

// first returns the stream that the next candidate is in; nil at the end.
func (m *merge) first(ctx context.Context) (*stream, error) {
	var first *stream
	for _, st := range m.streams {
		if err := m.fill(ctx, st); err != nil {
			return nil, err
		}
		if len(st.ahead) > 0 && (first == nil || m.before(st.place(), first.place())) {
			first = st
		}
	}
	return first, nil
}

func (m *merge) before(a, b string) bool {
	if m.backward {
		return a > b
	}
	return a < b
}

// place is where the next entry stands among all streams of the listing.
func (st *stream) place() string { return st.ahead[0].Sort[st.cut:] }

// take removes the candidate that is next in the stream from every one.
func (m *merge) take(from *stream) (candidate, error) {
	id, err := decodeEntry(&from.ahead[0])
	c := candidate{id: id, sort: from.ahead[0].Sort}
	place := from.place()
	for _, st := range m.streams {
		if len(st.ahead) > 0 && st.place() == place {
			st.ahead = st.ahead[1:]
			c.shared = c.shared || st.mirror
		}
	}
	return c, err
}

// next returns up to n candidates, as long as their sort keys pass while; none at
// the end.
func (m *merge) next(ctx context.Context, n int, while func(sort string) bool) ([]candidate, error) {
	out := make([]candidate, 0, n)
	for len(out) < n {
		st, err := m.first(ctx)
		if err != nil {
			return nil, err
		}
		if st == nil || !while(st.ahead[0].Sort) {
			break
		}
		c, err := m.take(st)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

// fill reads on in the stream when nothing of it is at hand.
func (m *merge) fill(ctx context.Context, st *stream) error {
	from := st.from
	if from == nil {
		from = m.table
	}
	for len(st.ahead) == 0 && !st.ended {
		page, err := from.Query(ctx, table.Query{
			Partition: st.partition, Prefix: st.prefix, After: st.last, Backward: m.backward, Limit: m.entries,
		})
		if err != nil {
			return fmt.Errorf("reading list %q: %w", st.partition, err)
		}
		st.ahead, st.last, st.ended = page.Items, page.Last, !page.More
	}
	return nil
}

// readAhead makes further queries larger: what was asked for was not enough.
func (m *merge) readAhead() { m.entries = max(m.entries, min(2*m.entries, maxEntries)) }

// candidates implements source.
func (m *merge) candidates(ctx context.Context, n int) ([]candidate, error) {
	return m.next(ctx, n, func(string) bool { return true })
}

// streams opens the lists of the order, in all scopes and shards, at their start.
// With names wanted it opens the range of each name alone: within one name, the
// order by name is that by creation.
func (l *listing) streams(o order) []*stream {
	var streams []*stream
	for _, sc := range l.scopes() {
		for n := range shards {
			if names := l.query.filter.names; names != nil && len(names) <= maxNameStreams {
				for _, name := range names {
					streams = append(streams, namedStream(listPartition(sc, nameOrder, n), name, o))
				}
				continue
			}
			streams = append(streams, &stream{partition: listPartition(sc, o, n)})
		}
	}
	for _, sc := range l.mirrors() {
		for n := range shards {
			streams = append(streams, l.mirrorStream(listPartition(sc, createdOrder, n), o))
		}
	}
	return streams
}

// mirrorStream opens one list of what is shared with the caller.
func (l *listing) mirrorStream(partition string, o order) *stream {
	st := &stream{partition: partition, mirror: true}
	if o == nameOrder {
		st.from = byName{l}
	}
	return st
}

func namedStream(partition, name string, o order) *stream {
	st := &stream{partition: partition, prefix: nameStart(name)}
	if o == createdOrder {
		st.cut = len(st.prefix)
	}
	return st
}

// startAt lets the stream begin behind the marker's place, or before the places
// that may be out of order together with it.
func (st *stream) startAt(marker *Image, o order, backward bool) {
	place := position(marker, o)
	if o == nameOrder {
		if class := nameClass(place); class != "" {
			place = beforeClass(class, backward)
		}
	}
	st.last = st.prefix[:st.cut] + place
}
