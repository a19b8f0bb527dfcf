package image

import (
	"context"
	"slices"
)

// A source gives images to look at: up to n, none at its end.
type source interface {
	candidates(ctx context.Context, n int) ([]candidate, error)
}

type sourceFunc func(ctx context.Context, n int) ([]candidate, error)

func (f sourceFunc) candidates(ctx context.Context, n int) ([]candidate, error) { return f(ctx, n) }

// named gives the images that the caller asked for by id, where it can be one.
func (l *listing) named(ids []string) source {
	return sourceFunc(func(_ context.Context, n int) ([]candidate, error) {
		var out []candidate
		for len(ids) > 0 && len(out) < n {
			if IsID(ids[0]) {
				out = append(out, candidate{id: ids[0]})
			}
			ids = ids[1:]
		}
		return out, nil
	})
}

// everything gives all images that the caller may list.
func (l *listing) everything() source {
	return &merge{table: l.service.Table, streams: l.streams(createdOrder), entries: maxEntries}
}

// scan makes a page in any order: it looks at every image of the source, and
// keeps no more of them than a page holds.
func (l *listing) scan(ctx context.Context, from source) (Page, error) {
	b := &best{sort: l.query.sort, limit: l.query.limit, room: maxPageBytes}
	if err := l.collect(ctx, b, from); err != nil {
		return Page{}, err
	}
	return Page{Images: b.rows, More: len(b.rows) == l.query.limit || b.dropped != nil}, nil
}

// collect offers to b all of the source that belongs to the list, behind the
// marker.
func (l *listing) collect(ctx context.Context, b *best, from source) error {
	for {
		if pressed(ctx) {
			return errLate
		}
		found, err := from.candidates(ctx, maxBatch)
		if err != nil || len(found) == 0 {
			return err
		}
		images, err := l.records(ctx, found)
		if err != nil {
			return err
		}
		if l.query.filter.ids != nil {
			if err := l.join(ctx, found, images); err != nil {
				return err
			}
		}
		for i, img := range images {
			if img == nil || !l.belongs(img, found[i].shared) || !l.after(img) || !b.wants(img) {
				continue
			}
			ok, err := l.may(img)
			if err != nil {
				return err
			}
			if ok {
				b.add(img)
			}
		}
	}
}

// best keeps the first images in an order, of all that are added: at most limit,
// and as many as there is room for, but one.
type best struct {
	sort    sorting
	limit   int
	room    int // bytes
	rows    []*Image
	bytes   int
	dropped *Image // the first of those that found no room; nothing behind it is kept
}

// wants reports whether add would keep the image, as far as its place tells.
func (b *best) wants(img *Image) bool {
	return b.dropped == nil || b.sort.compare(img, b.dropped) < 0
}

func (b *best) add(img *Image) {
	at, twice := slices.BinarySearchFunc(b.rows, img, b.sort.compare)
	if twice {
		return
	}
	b.rows = slices.Insert(b.rows, at, img)
	b.bytes += img.storedBytes()
	for len(b.rows) > b.limit || b.bytes > b.room && len(b.rows) > 1 {
		last := b.rows[len(b.rows)-1]
		b.rows[len(b.rows)-1] = nil
		b.rows = b.rows[:len(b.rows)-1]
		b.bytes -= last.storedBytes()
		b.dropped = sortedBy(last)
	}
}
