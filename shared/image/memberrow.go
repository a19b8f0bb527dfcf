package image

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/gander-images/gander/shared/document"
	"github.com/gander-images/gander/shared/table"
)

// memberSchema is the version of the row's document that this code writes.
const memberSchema = 1

// memberPrefix begins the sort keys of an image's member rows.
const memberPrefix = "member#"

// A memberRow is what a Member that was read, or is being written, has of its
// row in the table.
type memberRow struct {
	revision int64           // as read; 0 on a new one
	change   string          // new with every write, so that one whose answer was lost can be recognised
	stored   json.RawMessage // as read, so that fields which this version does not know survive
}

// memberDocument is a member row as the table holds it.
type memberDocument struct {
	Member

	Change string `json:"change,omitempty"`
}

var memberFields = memberFieldNames()

func memberFieldNames() map[string]bool {
	names := document.Fields(Member{})
	names["change"] = true
	return names
}

// decodeMember reads a member row.
func decodeMember(item *table.Item) (Member, error) {
	if item.Schema > memberSchema {
		return Member{}, errNewer
	}
	var d memberDocument
	if err := json.Unmarshal(item.Body, &d); err != nil {
		return Member{}, fmt.Errorf("reading member %q of %s: %w", item.Sort, item.Partition, err)
	}
	d.row = memberRow{revision: item.Revision, change: d.Change, stored: item.Body}
	return d.Member, nil
}

func (s *Service) readMember(ctx context.Context, imageID, project string) (*Member, error) {
	items, err := s.Table.Get(ctx, memberKey(imageID, project))
	if err != nil {
		return nil, fmt.Errorf("reading members of image %s: %w", imageID, err)
	}
	if items[0] == nil {
		return nil, nil
	}
	m, err := decodeMember(items[0])
	return &m, err
}

// put writes the row: a new one, or over the revision that was read.
func (m Member) put() (table.Write, error) {
	body, err := json.Marshal(memberDocument{Member: m, Change: m.row.change})
	if err == nil {
		body, err = document.Keep(body, m.row.stored, memberFields)
	}
	if err != nil {
		return table.Write{}, fmt.Errorf("writing a member of image %s: %w", m.ImageID, err)
	}
	condition := table.IfAbsent()
	if m.row.revision > 0 {
		condition = table.IfRevision(m.row.revision)
	}
	return table.Write{Kind: table.Put, Key: memberKey(m.ImageID, m.ID), Schema: memberSchema, Body: body, If: condition}, nil
}

// remove takes the row away as it was read.
func (m Member) remove() table.Write {
	return table.Write{Kind: table.Delete, Key: memberKey(m.ImageID, m.ID), If: table.IfRevision(m.row.revision)}
}

// A mirror lists an image for a project that it is shared with. It exists as
// long as the row does, with the row's status, whatever becomes of the image
// until it is purged; nothing but a write of the row touches it.
func putMirror(img *Image, m Member) table.Write {
	return table.Write{
		Kind: table.Put, Key: mirrorKey(img, m.ID, m.Status), Schema: entrySchema,
		Body: entryBody(img.ID), If: table.IfAbsent(),
	}
}

func removeMirror(img *Image, m Member) table.Write {
	return table.Write{Kind: table.Delete, Key: mirrorKey(img, m.ID, m.Status), If: table.IfPresent()}
}

// removeMembers deletes all member rows of an image that is being purged, with
// their mirrors, in batches. Nobody else writes rows of such an image.
func (s *Service) removeMembers(ctx context.Context, img *Image) error {
	q := table.Query{Partition: partition(img.ID), Prefix: memberPrefix, Limit: table.MaxWrites / 2}
	for {
		page, err := s.Table.Query(ctx, q)
		if err != nil {
			return fmt.Errorf("reading members of image %s: %w", img.ID, err)
		}
		if len(page.Items) == 0 {
			if !page.More {
				return nil
			}
			q.After = page.Last
			continue
		}
		var writes []table.Write
		for i := range page.Items {
			m, err := decodeMember(&page.Items[i])
			if err != nil {
				return err
			}
			writes = append(writes, m.remove(), removeMirror(img, m))
		}
		outcome, err := s.Table.Transact(ctx, writes...)
		if err != nil {
			return fmt.Errorf("removing members of image %s: %w", img.ID, err)
		}
		if !outcome.OK() {
			return errChanged
		}
	}
}
