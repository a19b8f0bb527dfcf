// Package image keeps images: their rules, their states, who sees them, and
// where their bytes are. It knows the ports, and neither AWS nor HTTP.
package image

import (
	"encoding/json"
	"time"

	"github.com/gander-images/gander/shared/key"
)

// Limits of Glance's data model.
//
// Source: glance/db/sqlalchemy/models.py and glance/api/v2/images.py.
const (
	MaxNameLen        = 255       // characters of a name, a tag, an owner, a property's key
	MaxMinimum        = 1<<31 - 1 // of min_ram (MB) and min_disk (GB)
	MaxChecksumLen    = 32
	MaxHashAlgoLen    = 64
	MaxHashValueLen   = 128
	DefaultListLimit  = 25
	MaxListLimit      = 1000
	DefaultHashAlgo   = "sha512"
	DefaultVisibility = Shared
)

// A Status is where an image stands in its life.
type Status string

// The states of image-service API v2, and two of our own behind Deleted:
// a deleted image can be restored until it is purged, then only its id stays.
const (
	Queued        Status = "queued"
	Saving        Status = "saving"
	Uploading     Status = "uploading"
	Importing     Status = "importing"
	Active        Status = "active"
	Deactivated   Status = "deactivated"
	Killed        Status = "killed"
	PendingDelete Status = "pending_delete"
	Deleted       Status = "deleted"
	Purging       Status = "purging"
	Purged        Status = "purged"
)

// Exists reports whether callers may meet an image in this state.
func (s Status) Exists() bool {
	switch s {
	case PendingDelete, Deleted, Purging, Purged:
		return false
	}
	return true
}

// A Visibility says who sees an image.
type Visibility string

// The visibilities.
const (
	Public    Visibility = "public"
	Private   Visibility = "private"
	Shared    Visibility = "shared"
	Community Visibility = "community"
)

// ContainerFormats and DiskFormats are the values that the attributes of these
// names take, Glance's defaults, in its order.
//
// Source: glance/common/config.py, image_format_opts.
var (
	ContainerFormats = []string{"ami", "ari", "aki", "bare", "ovf", "ova", "docker", "compressed"}
	DiskFormats      = []string{"ami", "ari", "aki", "vhd", "vhdx", "vmdk", "raw", "qcow2", "vdi", "iso", "ploop"}
)

// An Image is one image's record.
type Image struct {
	ID              string
	Name            *string
	Status          Status
	Visibility      Visibility
	Protected       bool
	Hidden          bool // os_hidden
	Owner           *string
	ContainerFormat *string
	DiskFormat      *string
	MinRAM          int64  // MB
	MinDisk         int64  // GB
	Size            *int64 // bytes; nil until there is data
	VirtualSize     *int64 // bytes
	Checksum        *string
	HashAlgo        *string
	HashValue       *string
	CreatedAt       time.Time // whole microseconds, UTC
	UpdatedAt       time.Time
	Tags            []string // a set, sorted
	Properties      map[string]string

	// Locations say where the bytes are, best first. An image without any has
	// no data.
	Locations []Location

	// CreatorUserID is who made the image. Policy may read it; nobody is shown it.
	CreatorUserID string

	// Writer is who changed the record last.
	Writer Writer

	// MemberCount is the number of member rows.
	MemberCount int

	// Upload is the id of the upload that holds the image's lease; empty when
	// none runs.
	Upload string

	// Deletion is set from the deletion on.
	Deletion *Deletion

	// Revision is the table's, as read; 0 on an image that is not stored yet.
	Revision int64

	// adopts are keys that were created for the image, and become live with the save
	// that names them.
	adopts []*key.Record

	// decided is what the save on its way decides about keys.
	decided []key.Decision

	// stored is the document as read, so that fields which this version does
	// not know survive a save. Where known is set, there are none.
	stored json.RawMessage
	known  bool
}

// A Location is one copy of an image's bytes.
type Location struct {
	Store   string `json:"store"`
	Name    string `json:"name"`    // object name in the store
	Version string `json:"version"` // the very bytes
}

// A Writer is who made a change, by which request.
type Writer struct {
	User    string `json:"user,omitempty"`
	Project string `json:"project,omitempty"`
	Request string `json:"request,omitempty"`
	// Change is new with every save, so that a save whose answer was lost can
	// be recognised.
	Change string `json:"change,omitempty"`
}

// A Deletion tells what it takes to restore a deleted image, and until when.
type Deletion struct {
	At      time.Time `json:"at"`
	PurgeAt time.Time `json:"purge_at"`
	Was     Status    `json:"was"` // the status before
}
