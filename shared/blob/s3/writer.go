package s3

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go/middleware"

	"github.com/gander-images/gander/shared/blob"
)

const (
	// writerKey is the metadata that says which writer wrote an object: where an
	// answer was lost, it tells the own object from another's.
	writerKey = "gander-writer"

	contentType = "application/octet-stream"
)

// noneThere makes a write fail where the name is taken.
var noneThere = aws.String("*")

// A writer gathers bytes. What fits in one part becomes an object by one
// request; the rest goes part by part, each sent while the next is gathered.
type writer struct {
	store *Store
	ctx   context.Context //nolint:containedctx // Write has none of its own
	name  string
	id    string // of this writer, in the object's metadata
	size  int64

	filling *buffer
	upload  string // S3's id of the parts; empty before there are any
	parts   []types.CompletedPart
	flight  *flight // the part that is on its way, if any

	err   error // why no more can be written
	stray bool  // an upload was begun whose id was lost
	loose bool  // the object may be there, though Commit failed
	done  bool  // Commit succeeded
}

// Create implements blob.Store. That the name is taken is told by Commit.
//
// A name is meant for one writer. Where S3's answer to the beginning of an upload
// by parts was lost, Abort removes all that was begun under the name.
func (s *Store) Create(ctx context.Context, name string) (blob.Writer, error) {
	if err := check(ctx, name); err != nil {
		return nil, err
	}
	return s.begin(ctx, name), nil
}

func (s *Store) begin(ctx context.Context, name string) *writer {
	return &writer{store: s, ctx: ctx, name: name, id: rand.Text(), filling: &buffer{}}
}

// Write implements io.Writer.
func (w *writer) Write(p []byte) (n int, err error) {
	if err := w.usable(); err != nil {
		return 0, err
	}
	for len(p) > 0 {
		if err := context.Cause(w.ctx); err != nil {
			return n, w.fail(fmt.Errorf("writing %s: %w", w.name, err))
		}
		limit, err := w.room(w.ctx)
		if err != nil {
			return n, err
		}
		taken := w.filling.add(p, limit)
		n, p = n+taken, p[taken:]
		w.size += int64(taken)
	}
	return n, nil
}

// room makes room for at least one byte, and returns how long the part that is
// gathered may become.
func (w *writer) room(ctx context.Context) (limit int, err error) {
	size, spare := w.store.parts.part(w.next()), w.store.parts.spare()
	if size == 0 {
		return 0, w.fail(fmt.Errorf("writing %s: it has more bytes than S3 takes: %w", w.name, blob.ErrFull))
	}
	if w.filling.size == size {
		if err := w.send(ctx); err != nil {
			return 0, err
		}
		return w.room(ctx)
	}
	if w.flight != nil && w.filling.size >= spare {
		if err := w.land(ctx); err != nil {
			return 0, err
		}
	}
	if w.flight != nil {
		return min(size, spare), nil
	}
	return size, nil
}

// next is the number of the part that is gathered.
func (w *writer) next() int {
	n := len(w.parts) + 1
	if w.flight != nil {
		n++
	}
	return n
}

func (w *writer) usable() error {
	if w.err == nil && w.done {
		return fmt.Errorf("writing %s: %w", w.name, fs.ErrClosed)
	}
	return w.err
}

// fail notes that there is no going on.
func (w *writer) fail(err error) error {
	if w.err == nil {
		w.err = err
	}
	return w.err
}

// Commit implements blob.Writer. After an error it removes what was written, as
// far as it is certain what S3 did; the rest is left to Abort.
func (w *writer) Commit(ctx context.Context) (blob.Object, error) {
	if err := w.usable(); err != nil {
		return blob.Object{}, w.clean(ctx, err)
	}
	if err := context.Cause(ctx); err != nil {
		return blob.Object{}, w.clean(ctx, w.fail(fmt.Errorf("committing %s: %w", w.name, err)))
	}
	object, err := w.finish(ctx)
	if err != nil {
		return blob.Object{}, w.clean(ctx, w.fail(err))
	}
	w.done = true
	w.filling.release()
	if w.stray {
		_ = w.store.Discard(ctx, w.name) // an upload without parts; else the bucket's rule takes it
	}
	return object, nil
}

// finish makes the object of what was gathered and sent.
func (w *writer) finish(ctx context.Context) (blob.Object, error) {
	if w.upload == "" {
		return w.put(ctx)
	}
	if w.filling.size > 0 {
		if err := w.send(ctx); err != nil {
			return blob.Object{}, err
		}
	}
	if err := w.land(ctx); err != nil {
		return blob.Object{}, err
	}
	return w.complete(ctx)
}

// put makes an object by one request.
func (w *writer) put(ctx context.Context) (blob.Object, error) {
	call := w.store.call()
	out, err := w.store.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &w.store.bucket, Key: &w.name, Body: w.filling, ContentType: aws.String(contentType),
		Metadata: map[string]string{writerKey: w.id}, IfNoneMatch: noneThere, ChecksumAlgorithm: types.ChecksumAlgorithmCrc32,
	}, call.option)
	if err != nil {
		return w.settle(ctx, call, err)
	}
	return w.made(ctx, out.VersionId, out.ResultMetadata)
}

// made describes the object that S3 said it made. Its time is the answer's.
func (w *writer) made(ctx context.Context, version *string, answer middleware.Metadata) (blob.Object, error) {
	if aws.ToString(version) == "" {
		w.loose = true
		return blob.Object{}, fmt.Errorf("making %s: %w: the bucket %s keeps no versions", w.name, blob.ErrBusy, w.store.bucket)
	}
	w.store.seen.Store(true)
	at, ok := awsmiddleware.GetServerTime(answer)
	if !ok {
		at = time.Now()
	}
	return blob.Object{Name: w.name, Version: *version, Size: w.size, Modified: at}, nil
}

// Abort implements blob.Writer.
func (w *writer) Abort(ctx context.Context) error {
	if w.done {
		return nil
	}
	if w.err == nil {
		w.err = fmt.Errorf("%s was aborted: %w", w.name, fs.ErrClosed)
	}
	if err := w.drop(ctx); err != nil {
		return err
	}
	return w.recall(ctx)
}

// clean removes what was written after a failed Commit, which returns err. While
// something may be left, err must not say that nothing is.
func (w *writer) clean(ctx context.Context, err error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	dropped := w.drop(ctx)
	if dropped == nil && w.loose && errors.Is(err, blob.ErrBusy) {
		dropped = w.recall(ctx)
	}
	if dropped != nil {
		w.err = unknown("making", w.name, fmt.Errorf("%w; removing what was written: %w", err, dropped))
		return w.err
	}
	return err
}
