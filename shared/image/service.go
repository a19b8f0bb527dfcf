package image

import (
	"io"
	"log/slog"
	"time"

	"github.com/gander-images/gander/shared/blob"
	"github.com/gander-images/gander/shared/key"
	"github.com/gander-images/gander/shared/table"
)

// A Service keeps images in a table and their bytes in stores.
type Service struct {
	Table     table.Table
	Keys      *key.Service // counts the keys that images name; nil: nobody does
	Stores    []Store      // at least one where bytes are needed; the first is the default
	Limits    Limits
	Retention time.Duration // how long a deleted image can be restored
	Lease     time.Duration // how long an upload may be silent
	Log       *slog.Logger

	// NotInherited are properties that the operator does not want snapshots to inherit.
	NotInherited []string

	Now   func() time.Time    // time.Now unless a test sets it
	NewID func() string       // random UUIDs unless a test sets it
	Pause func(time.Duration) // time.Sleep unless a test sets it
}

// A Store is a place for bytes, under the name that callers see.
type Store struct {
	ID          string
	Description string
	Type        string         // what kind of store, as info/stores/detail shows it
	Properties  map[string]any // likewise: texts and numbers
	Weight      int
	ReadOnly    bool
	Blobs       blob.Store
}

// Limits are the operator's, in Glance's words. A negative one means none.
type Limits struct {
	SizeCap    int64 // bytes of one image
	Properties int   // custom properties of one image
	Tags       int
	Members    int
	Locations  int
}

// DefaultLimits are Glance's.
//
// Source: glance/common/config.py.
func DefaultLimits() Limits {
	return Limits{SizeCap: 1 << 40, Properties: 128, Tags: 128, Members: 128, Locations: 10}
}

// A Draft is what a caller says of a new image, with types already checked.
// Nil means not said.
type Draft struct {
	ID              *string
	Name            *string
	Visibility      Visibility // empty: not said
	Protected       bool
	Hidden          bool
	Owner           *string
	OwnerSaid       bool // the caller named an owner; Owner may be nil then
	ContainerFormat *string
	DiskFormat      *string
	MinRAM          int64
	MinDisk         int64
	Tags            []string
	Properties      map[string]string
}

// An UploadRequest is one PUT of bytes.
type UploadRequest struct {
	Body  io.Reader
	Size  *int64 // bytes that the caller declared, by whichever header; nil: unknown
	Exact bool   // a real size other than Size is the caller's error (the size header), not a broken connection
	Store string // chosen store; empty: the default
}
