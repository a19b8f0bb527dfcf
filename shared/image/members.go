package image

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/gander-images/gander/shared/table"
)

// A MemberStatus says what a project makes of an image that was shared with it.
// It decides about lists alone: any member gets the image by its id.
type MemberStatus string

// The statuses of a member. Every row begins as Pending.
const (
	Pending  MemberStatus = "pending"
	Accepted MemberStatus = "accepted"
	Rejected MemberStatus = "rejected"
)

// memberSchema is the version of the row's document that this code writes.
const memberSchema = 1

// A Member is one project that an image is shared with.
type Member struct {
	ID        string       `json:"member_id"` // the project
	ImageID   string       `json:"image_id"`
	Status    MemberStatus `json:"status"`
	CreatedAt time.Time    `json:"created_at"` // whole microseconds, UTC
	UpdatedAt time.Time    `json:"updated_at"`

	// revision is the row's, as read.
	revision int64
}

// decodeMember reads a member row.
func decodeMember(item *table.Item) (Member, error) {
	if item.Schema > memberSchema {
		return Member{}, errNewer
	}
	var m Member
	if err := json.Unmarshal(item.Body, &m); err != nil {
		return Member{}, fmt.Errorf("reading member %q of %s: %w", item.Sort, item.Partition, err)
	}
	m.revision = item.Revision
	return m, nil
}
