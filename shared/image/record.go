package image

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gander-images/gander/shared/document"
	"github.com/gander-images/gander/shared/problem"
	"github.com/gander-images/gander/shared/table"
)

// recordSchema is the version of the record's document that this code writes.
// Raise it when an older writer would do harm to what a newer one wrote.
const recordSchema = 1

// errNewer is what a reader answers that meets a record from the future.
var errNewer = problem.New(problem.Unavailable, "This record was written by a newer version of the service. Try again later.")

// record is the document as the table holds it. Absent fields are their zero
// value; fields that are not named here survive a save.
type record struct {
	ID              string            `json:"id"`
	Status          Status            `json:"status"`
	Name            *string           `json:"name,omitempty"`
	Visibility      Visibility        `json:"visibility,omitempty"`
	Protected       bool              `json:"protected,omitempty"`
	Hidden          bool              `json:"hidden,omitempty"`
	Owner           *string           `json:"owner,omitempty"`
	ContainerFormat *string           `json:"container_format,omitempty"`
	DiskFormat      *string           `json:"disk_format,omitempty"`
	MinRAM          int64             `json:"min_ram,omitempty"`
	MinDisk         int64             `json:"min_disk,omitempty"`
	Size            *int64            `json:"size,omitempty"`
	VirtualSize     *int64            `json:"virtual_size,omitempty"`
	Checksum        *string           `json:"checksum,omitempty"`
	HashAlgo        *string           `json:"hash_algo,omitempty"`
	HashValue       *string           `json:"hash_value,omitempty"`
	CreatedAt       time.Time         `json:"created_at,omitzero"`
	UpdatedAt       time.Time         `json:"updated_at,omitzero"`
	Tags            []string          `json:"tags,omitempty"`
	Properties      map[string]string `json:"properties,omitempty"`
	Locations       []Location        `json:"locations,omitempty"`
	CreatorUserID   string            `json:"creator_user_id,omitempty"`
	Writer          Writer            `json:"writer"`
	MemberCount     int               `json:"member_count,omitempty"`
	Upload          string            `json:"upload,omitempty"`
	Deletion        *Deletion         `json:"deletion,omitempty"`
}

// documentFields are the names above, for telling known fields from others.
var documentFields = document.Fields(record{})

// Key is where an image's record stands. Any letter case of the id finds it, so
// that no id is used twice.
func Key(id string) table.Key {
	return table.Key{Partition: partition(id), Sort: "image"}
}

func partition(id string) string { return "image#" + strings.ToLower(id) }

// decode reads a record, whose body nobody may change any more.
func decode(item *table.Item) (*Image, error) {
	if item.Schema > recordSchema {
		return nil, errNewer
	}
	img := readPlain(item.Body)
	known := img != nil
	if !known {
		var err error
		if img, err = readAny(item.Body); err != nil {
			return nil, fmt.Errorf("reading record %s: %w", item.Partition, err)
		}
	}
	img.Revision, img.stored, img.known = item.Revision, item.Body, known
	return img, nil
}

// readAny reads a record's document, whatever its form.
func readAny(body []byte) (*Image, error) {
	var d record
	if err := json.Unmarshal(body, &d); err != nil {
		return nil, err
	}
	return &Image{
		ID: d.ID, Name: d.Name, Status: d.Status, Visibility: d.Visibility,
		Protected: d.Protected, Hidden: d.Hidden, Owner: d.Owner,
		ContainerFormat: d.ContainerFormat, DiskFormat: d.DiskFormat,
		MinRAM: d.MinRAM, MinDisk: d.MinDisk, Size: d.Size, VirtualSize: d.VirtualSize,
		Checksum: d.Checksum, HashAlgo: d.HashAlgo, HashValue: d.HashValue,
		CreatedAt: d.CreatedAt, UpdatedAt: d.UpdatedAt, Tags: d.Tags,
		Properties: d.Properties, Locations: d.Locations, CreatorUserID: d.CreatorUserID,
		Writer: d.Writer, MemberCount: d.MemberCount, Upload: d.Upload, Deletion: d.Deletion,
	}, nil
}

// encode writes the record's document, with whatever img was read with that
// this version does not know.
func encode(img *Image) (json.RawMessage, error) {
	if img.Status == Purged {
		// Only the id stays, for ever, and who purged it.
		return json.Marshal(record{ID: img.ID, Status: Purged, Writer: Writer{Change: img.Writer.Change}})
	}
	body, err := json.Marshal(record{
		ID: img.ID, Name: img.Name, Status: img.Status, Visibility: img.Visibility,
		Protected: img.Protected, Hidden: img.Hidden, Owner: img.Owner,
		ContainerFormat: img.ContainerFormat, DiskFormat: img.DiskFormat,
		MinRAM: img.MinRAM, MinDisk: img.MinDisk, Size: img.Size, VirtualSize: img.VirtualSize,
		Checksum: img.Checksum, HashAlgo: img.HashAlgo, HashValue: img.HashValue,
		CreatedAt: img.CreatedAt, UpdatedAt: img.UpdatedAt, Tags: img.Tags,
		Properties: img.Properties, Locations: img.Locations, CreatorUserID: img.CreatorUserID,
		Writer: img.Writer, MemberCount: img.MemberCount, Upload: img.Upload, Deletion: img.Deletion,
	})
	if err != nil {
		return nil, fmt.Errorf("writing record %s: %w", img.ID, err)
	}
	if img.known {
		return body, nil
	}
	return document.Keep(body, img.stored, documentFields)
}

// clone returns a copy of img that shares nothing which is changed in place.
func (img *Image) clone() *Image {
	next := *img
	next.Tags = slices.Clone(img.Tags)
	next.Locations = slices.Clone(img.Locations)
	if img.Properties != nil {
		next.Properties = make(map[string]string, len(img.Properties))
		for k, v := range img.Properties {
			next.Properties[k] = v
		}
	}
	return &next
}
