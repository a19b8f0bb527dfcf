// Package blob is the bytes port: objects that are written once, read whole or
// in part, and removed. Adapters live in the folders below and pass
// blobtest.Run.
package blob

import (
	"context"
	"io"
	"time"

	"github.com/gander-images/gander/shared/problem"
)

// Errors that adapters share. Compare with errors.Is.
var (
	// ErrNotFound says that there is no such object, or no such version of it.
	ErrNotFound = problem.New(problem.NotFound, "The image data could not be found.")

	// ErrExists says that the name is taken: names are used once.
	ErrExists = problem.New(problem.Conflict, "Image data with this name exists already.")

	// ErrFull says that the store has no room left. Nothing was kept.
	//
	// Source: glance/api/v2/image_data.py answers 413 for StorageFull.
	ErrFull = problem.New(problem.TooLarge, "The image store has no room left for this image.")

	// ErrBusy says that the store refused for now. Nothing was kept.
	ErrBusy = problem.New(problem.Unavailable, "The image store is not available. Try again.")
)

// An Object is one finished object, or, in Walk, what a writer left behind.
type Object struct {
	Name     string
	Version  string // names these very bytes; empty for unfinished ones
	Size     int64  // bytes; of unfinished ones 0 where the store does not tell
	Modified time.Time
	// Unfinished marks bytes that were begun and neither committed nor aborted.
	Unfinished bool
}

// A Writer takes the bytes of one new object. It is used from one goroutine at
// a time, and ends with exactly one Commit or any number of Aborts. After a
// Write that failed, Commit fails too.
type Writer interface {
	io.Writer

	// Commit makes the object appear, whole, under its name. When it returns,
	// the bytes survive power loss.
	//
	// Errors: ErrExists, ErrFull, ErrBusy: there is no new object, and nothing
	// is left of it. After any other error the object may or may not exist.
	Commit(ctx context.Context) (Object, error)

	// Abort removes what was written. It may follow a failed Commit or an
	// earlier Abort, and is a no-op after a Commit that succeeded.
	Abort(ctx context.Context) error
}

// A Store keeps objects. Every implementation passes blobtest.Run, and may be
// used from any number of goroutines. A name is one or more segments of
// [A-Za-z0-9._-] joined by slashes, no segment "." or "..", at most 512 bytes.
type Store interface {
	// Create begins an object of unknown length. Nothing can be seen of it
	// until Commit. When ctx ends, Write fails; Commit and Abort do not need it.
	// Errors: ErrExists (or else Commit tells it), ErrFull.
	Create(ctx context.Context, name string) (Writer, error)

	// Stat describes an object. Errors: ErrNotFound.
	Stat(ctx context.Context, name string) (Object, error)

	// Open reads length bytes of one version from offset on; a length below 0
	// means to the end. The range must lie inside the object; an empty object is
	// opened with offset 0. The caller closes it.
	// Where the adapter can, the reader is an io.WriterTo that lets the kernel
	// copy the bytes. Errors: ErrNotFound, problem.BadRange.
	Open(ctx context.Context, name, version string, offset, length int64) (io.ReadCloser, error)

	// Copy makes a new object of the bytes of another.
	// Errors: ErrNotFound, ErrExists, ErrFull.
	Copy(ctx context.Context, name, version, to string) (Object, error)

	// Delete removes one version for good. One that is not there is success.
	Delete(ctx context.Context, name, version string) error

	// Walk calls visit for every object and every unfinished one whose name
	// begins with prefix, in no promised order, until visit fails. Bytes that
	// appear or go meanwhile may be visited or not.
	Walk(ctx context.Context, prefix string, visit func(Object) error) error

	// Discard removes what was begun under name and never committed, if
	// anything. It must not be called while its writer lives.
	Discard(ctx context.Context, name string) error
}

// A Presigner is a Store whose objects can be read without it, by whoever holds
// a URL.
type Presigner interface {
	Store

	// Presign returns an absolute URL that gives the bytes of one version, whole
	// or by a Range header, as application/octet-stream that no cache may keep, to
	// anybody who has it, for life: at most MaxPresign. Whether the version is there is not looked
	// at. The URL is a secret: it belongs into no log and no error.
	Presign(ctx context.Context, name, version string, life time.Duration) (string, error)
}

// MaxPresign is the longest life of a presigned URL.
const MaxPresign = 5 * time.Minute
