package image

import (
	"context"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gander-images/gander/shared/table"
)

// A page in an order that entries are kept in is read from them one after the
// other. Only very long names stand in an order that is not quite theirs: they
// are cut in keys. Those that begin alike, up to where a cut may be, are a
// class; it is read whole and put right.

// classBytes is how much of an encoded name is surely its own beginning, and no
// hash: a cut drops at most one character, of four bytes, before the hash.
const classBytes = maxNameKey - table.MinText - 3

// nameClass returns what the names of a class have in common, given a position
// in name order; empty for names so short that they stand right.
func nameClass(position string) string {
	if strings.IndexByte(position, textEnd) < classBytes {
		return ""
	}
	return position[:classBytes]
}

// textEnd ends a text in a key, and does not occur within.
const textEnd = 0x01

// beforeClass is a position that stands before all of the class, in the
// direction of reading.
func beforeClass(class string, backward bool) string {
	for !utf8.ValidString(class) {
		class = class[:len(class)-1] // a character that the class ends within
	}
	if backward {
		// More of the highest character than a name has room for.
		return class + strings.Repeat(string(utf8.MaxRune), (maxNameKey-len(class))/utf8.UTFMax+1)
	}
	return class
}

// inOrder makes a page in an order that entries are kept in.
func (l *listing) inOrder(ctx context.Context, o order, backward bool) (Page, error) {
	m := &merge{table: l.service.Table, streams: l.streams(o), backward: backward, entries: l.query.limit}
	if l.marker != nil {
		for _, st := range m.streams {
			st.startAt(l.marker, o, backward)
		}
	}
	batch := min(l.query.limit, maxBatch)
	p := &ordered{listing: l, merge: m, order: o, rows: make([]*Image, 0, batch), shown: make(map[string]bool, batch)}
	for !p.full() {
		next, err := m.peek(ctx)
		if err != nil {
			return Page{}, err
		}
		if next == "" {
			return Page{Images: p.rows}, nil
		}
		if len(p.rows) > 0 && l.reads >= maxPageReads {
			break
		}
		if err = errLate; !pressed(ctx) {
			err = p.readOn(ctx, next, max(batch, min(p.left(), maxBatch)))
		}
		if errors.Is(err, errLate) && len(p.rows) > 0 {
			break
		}
		if err != nil {
			return Page{}, err
		}
		batch = min(2*batch, maxBatch)
		m.readAhead()
	}
	return Page{Images: p.rows, More: true}, nil
}

// An ordered page grows at its end.
type ordered struct {
	*listing
	merge *merge
	order order
	rows  []*Image
	bytes int
	ended bool // before the limit: no room for the next record
	shown map[string]bool
}

func (p *ordered) left() int  { return p.query.limit - len(p.rows) }
func (p *ordered) full() bool { return p.ended || p.left() == 0 }

// readOn adds what the next up to n candidates give, or the whole class of the
// next sort key.
func (p *ordered) readOn(ctx context.Context, next string, n int) error {
	if p.order == nameOrder {
		if class := nameClass(next); class != "" {
			return p.addClass(ctx, class)
		}
	}
	found, err := p.merge.next(ctx, n, func(sort string) bool {
		return p.order != nameOrder || nameClass(sort) == ""
	})
	if err != nil {
		return err
	}
	images, err := p.records(ctx, found)
	if err != nil {
		return err
	}
	p.reads += len(found)
	for i, img := range images {
		if img == nil || !p.stands(img, found[i]) || !p.belongs(img, found[i].shared) || !p.after(img) || p.shown[found[i].id] {
			continue
		}
		if ok, err := p.may(img); err != nil {
			return err
		} else if !ok {
			continue
		}
		if p.add(img); p.full() {
			break
		}
	}
	return nil
}

// stands reports whether the image is still where the entry says. One that was
// renamed meanwhile is met, or was, at its new place.
func (p *ordered) stands(img *Image, c candidate) bool {
	return p.order != nameOrder || position(img, nameOrder) == c.sort
}

func (p *ordered) add(img *Image) {
	if len(p.rows) > 0 && p.bytes+img.storedBytes() > maxPageBytes {
		p.ended = true
		return
	}
	p.bytes += img.storedBytes()
	p.rows = append(p.rows, img)
	p.shown[img.ID] = true
}

// addClass adds the images of a class, in the order of their whole names.
func (p *ordered) addClass(ctx context.Context, class string) error {
	b := &best{sort: p.query.sort, limit: p.left(), room: maxPageBytes - p.bytes}
	source := sourceFunc(func(ctx context.Context, n int) ([]candidate, error) {
		found, err := p.merge.next(ctx, n, func(sort string) bool { return nameClass(sort) == class })
		p.reads += len(found)
		return found, err
	})
	if err := p.collect(ctx, b, source); err != nil {
		return err
	}
	rows := slices.DeleteFunc(b.rows, func(img *Image) bool { return p.shown[img.ID] })
	for _, img := range rows {
		p.add(img)
	}
	p.ended = p.ended || b.dropped != nil
	return nil
}

// storedBytes is the size of the record's document.
func (img *Image) storedBytes() int { return len(img.stored) }
