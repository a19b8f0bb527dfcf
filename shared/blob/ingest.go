package blob

import (
	"context"
	"crypto/md5" //nolint:gosec // Glance's checksum is MD5; nothing is trusted for it
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"math"
)

// Errors of Ingest beside those of the writer and of the observers, which come
// back as they are. Compare with errors.Is.
var (
	// ErrSource says that the bytes could not be read. It wraps the reader's error.
	ErrSource = errors.New("the bytes stopped coming")

	// ErrOverLimit says that there are more bytes than IngestOptions.Limit.
	ErrOverLimit = errors.New("more bytes came than are allowed")

	// ErrShort says that there are fewer bytes than IngestOptions.Limit, which
	// were to be exact.
	ErrShort = errors.New("fewer bytes came than were promised")
)

// An Observer sees the bytes of an object in order, in blocks of any length
// that it must not keep or change. It runs beside the others; its error ends
// the Ingest.
type Observer interface{ io.Writer }

// IngestOptions says how Ingest treats the bytes.
type IngestOptions struct {
	// Limit is the largest number of bytes to take; 0 takes none, Unlimited any.
	Limit int64

	// Exact also refuses fewer bytes than Limit.
	Exact bool

	// Progress, if any, is called with the bytes read so far, as they come,
	// always from the same goroutine. It holds the bytes up.
	Progress func(total int64)

	// Observers see the bytes beside the hashes.
	Observers []Observer
}

// Unlimited is an IngestOptions.Limit without a limit.
const Unlimited = math.MaxInt64

// A Digest is what one pass over the bytes tells.
type Digest struct {
	Size   int64  // bytes
	MD5    string // in hex
	SHA512 string // in hex
}

// Ingest passes all bytes of r to w, once, and counts and hashes them on the
// way: each hash and each observer on a goroutine of its own, all with the same
// few blocks of memory. It leaves Commit and Abort to the caller.
//
// The first error ends it, and no byte is read after it. It returns when
// the calls that are under way have returned, so what r reads from should give
// up when ctx ends. The Digest then holds the Size read so far. A limit is
// found crossed by reading one byte more than it.
//
// Errors: those of w and of the observers, ErrSource, ErrOverLimit, ErrShort,
// the cause of ctx.
func Ingest(ctx context.Context, r io.Reader, w Writer, o IngestOptions) (Digest, error) {
	md, sha := md5.New(), sha512.New() //nolint:gosec // as above
	p := newPipe(ctx, append([]Observer{w, md, sha}, o.Observers...))
	size, err := p.run(&meter{source: r, options: o})
	if err != nil {
		return Digest{Size: size}, err
	}
	return Digest{Size: size, MD5: sum(md), SHA512: sum(sha)}, nil
}

func sum(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }
