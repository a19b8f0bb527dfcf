package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/gander-images/gander/shared/awsfailure"
	"github.com/gander-images/gander/shared/blob"
	"github.com/gander-images/gander/shared/problem"
)

// Open implements blob.Store. A connection that breaks is made anew where it
// broke, on the same version. S3's checksum of the bytes is verified when they
// are read whole, to the end, without a break.
func (s *Store) Open(ctx context.Context, name, version string, offset, length int64) (io.ReadCloser, error) {
	if err := check(ctx, name); err != nil {
		return nil, err
	}
	if version == "" {
		return nil, fmt.Errorf("opening %s: %w", name, blob.ErrNotFound)
	}
	if offset < 0 || length > math.MaxInt64-offset {
		return nil, badRange(offset, length)
	}
	if length == 0 {
		return s.openNothing(ctx, name, version, offset)
	}
	r := &reader{store: s, ctx: ctx, name: name, version: version, at: offset, end: -1}
	if length > 0 {
		r.end = offset + length
	}
	if err := r.open(); err != nil {
		return nil, err
	}
	return r, nil
}

// openNothing opens no bytes, which no Range can ask for.
func (s *Store) openNothing(ctx context.Context, name, version string, offset int64) (io.ReadCloser, error) {
	object, _, err := s.head(ctx, name, &version)
	if err != nil {
		return nil, s.explain(ctx, "opening", name, err)
	}
	if offset > 0 && offset >= object.Size {
		return nil, badRange(offset, 0)
	}
	return http.NoBody, nil
}

func badRange(offset, length int64) error {
	if length < 0 {
		return problem.New(problem.BadRange, "The image data cannot be read from byte %d on.", offset)
	}
	return problem.New(problem.BadRange, "The image data cannot be read from byte %d on, %d bytes.", offset, length)
}

// A reader reads a range of one version.
type reader struct {
	store         *Store
	ctx           context.Context //nolint:containedctx // Read has none of its own
	name, version string
	at, end       int64 // the next byte, and the first that is not wanted; -1 before that is known
	body          io.ReadCloser
	broken        int // breaks since the last byte
}

// maxBreaks is how many connections in a row may break without a byte.
const maxBreaks = 3

// open asks for what is still to be read.
func (r *reader) open() error {
	input := &s3.GetObjectInput{Bucket: &r.store.bucket, Key: &r.name, VersionId: &r.version}
	whole := r.at == 0 && r.end < 0
	switch {
	case whole:
	case r.end < 0:
		input.Range = aws.String(fmt.Sprintf("bytes=%d-", r.at))
	default:
		input.Range = aws.String(fmt.Sprintf("bytes=%d-%d", r.at, r.end-1))
	}
	out, err := r.store.client.GetObject(r.ctx, input)
	if err != nil {
		if awsfailure.Status(err) == http.StatusRequestedRangeNotSatisfiable {
			return badRange(r.at, r.end-r.at)
		}
		return r.store.explain(r.ctx, "opening", r.name, noVersion(err))
	}
	r.store.seen.Store(true)
	if err := r.fits(out, whole); err != nil {
		_ = out.Body.Close() // none of it is wanted
		return err
	}
	r.body = out.Body
	return nil
}

// fits checks that an answer holds the bytes that were asked for: S3 shortens
// ranges, and ignores those that it does not understand.
func (r *reader) fits(out *s3.GetObjectOutput, whole bool) error {
	start, size, ok := int64(0), aws.ToInt64(out.ContentLength), out.ContentLength != nil
	end := size
	if out.ContentRange != nil {
		start, end, size, ok = parseContentRange(*out.ContentRange)
	}
	if r.end < 0 && ok {
		r.end = size
	}
	switch {
	case !ok:
		return fmt.Errorf("opening %s: %w: the answer does not say which bytes it holds", r.name, blob.ErrBusy)
	case !whole && (r.at >= size || r.end > size):
		return badRange(r.at, r.end-r.at)
	case start != r.at || end != r.end:
		return fmt.Errorf("opening %s: %w: bytes %d to %d came in place of %d to %d", r.name, blob.ErrBusy, start, end, r.at, r.end)
	}
	return nil
}

// parseContentRange reads "bytes 0-4/10": from 0, to before 5, of 10.
func parseContentRange(text string) (start, end, size int64, ok bool) {
	text, isBytes := strings.CutPrefix(text, "bytes ")
	span, total, sized := strings.Cut(text, "/")
	first, last, ranged := strings.Cut(span, "-")
	start, bad1 := strconv.ParseInt(first, 10, 64)
	end, bad2 := strconv.ParseInt(last, 10, 64)
	size, bad3 := strconv.ParseInt(total, 10, 64)
	return start, end + 1, size, isBytes && sized && ranged && errors.Join(bad1, bad2, bad3) == nil
}

// Read implements io.Reader. It reads on past the last byte, since only the end
// of the body tells whether S3's checksum is right.
func (r *reader) Read(p []byte) (int, error) {
	for {
		n, err := r.body.Read(p)
		r.at += int64(n)
		if n > 0 {
			r.broken = 0
		}
		switch {
		case r.at > r.end:
			return 0, fmt.Errorf("reading %s: %w: more bytes came than there are", r.name, blob.ErrBusy)
		case err == nil:
			return n, nil
		case r.at == r.end && errors.Is(err, io.EOF):
			return n, io.EOF
		case r.at == r.end: // all came, and are not what S3 has
			return n, r.store.explain(r.ctx, "reading", r.name, err)
		}
		if err := r.resume(err); err != nil {
			return n, err
		}
		if n > 0 {
			return n, nil
		}
	}
}

// resume opens the rest after a break.
func (r *reader) resume(cause error) error {
	if r.broken++; r.broken > maxBreaks || r.ctx.Err() != nil {
		return r.store.explain(r.ctx, "reading", r.name, fmt.Errorf("it broke off at byte %d of %d: %w", r.at, r.end, cause))
	}
	_ = r.body.Close() // it is broken
	r.body = http.NoBody
	return r.open()
}

// Close implements io.Closer.
func (r *reader) Close() error { return r.body.Close() }
