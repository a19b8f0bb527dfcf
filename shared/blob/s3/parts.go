package s3

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/gander-images/gander/shared/awsfailure"
	"github.com/gander-images/gander/shared/blob"
)

// A flight is one part on its way to S3. Its request does not end with the
// context of Create, since Commit may still want it.
type flight struct {
	cancel context.CancelFunc
	done   chan struct{} // closed when what follows is set
	part   types.CompletedPart
	err    error
	lost   bool // S3 may have kept it though it did not say so
}

// send starts sending the part that was gathered, once the one before has landed.
func (w *writer) send(ctx context.Context) error {
	if err := w.land(ctx); err != nil {
		return err
	}
	if err := w.open(ctx, types.ChecksumAlgorithmCrc32); err != nil {
		return err
	}
	flying, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f := &flight{cancel: cancel, done: make(chan struct{})}
	number, body := w.next(), w.filling
	w.flight, w.filling = f, &buffer{}
	w.store.flights.Go(func() {
		defer close(f.done)
		defer cancel()
		defer body.release()
		w.fly(flying, f, number, body)
	})
	return nil
}

// fly sends one part.
func (w *writer) fly(ctx context.Context, f *flight, number int, body *buffer) {
	call := w.store.call()
	out, err := w.store.client.UploadPart(ctx, &s3.UploadPartInput{
		Bucket: &w.store.bucket, Key: &w.name, UploadId: &w.upload, PartNumber: aws.Int32(int32(number)), //nolint:gosec // at most 10,000
		Body: body, ChecksumAlgorithm: types.ChecksumAlgorithmCrc32,
	}, call.option)
	if err != nil {
		f.err, f.lost = w.store.explain(ctx, "sending a part of", w.name, err), call.unanswered
		return
	}
	f.part = types.CompletedPart{ETag: out.ETag, ChecksumCRC32: out.ChecksumCRC32, PartNumber: aws.Int32(int32(number))} //nolint:gosec // as above
}

// land waits for the part that is on its way.
func (w *writer) land(ctx context.Context) error {
	if w.flight == nil {
		return nil
	}
	select {
	case <-w.flight.done:
	case <-ctx.Done():
		return w.fail(fmt.Errorf("writing %s: %w", w.name, context.Cause(ctx)))
	}
	if err := w.flight.err; err != nil {
		return w.fail(err)
	}
	w.parts, w.flight = append(w.parts, w.flight.part), nil
	return nil
}

// open begins the upload by parts. With an algorithm, S3 keeps one checksum of
// the whole object, put together from those of the parts.
func (w *writer) open(ctx context.Context, algorithm types.ChecksumAlgorithm) error {
	if w.upload != "" {
		return nil
	}
	input := &s3.CreateMultipartUploadInput{
		Bucket: &w.store.bucket, Key: &w.name, ContentType: aws.String(contentType),
		Metadata: map[string]string{writerKey: w.id}, ChecksumAlgorithm: algorithm,
	}
	if algorithm != "" {
		input.ChecksumType = types.ChecksumTypeFullObject
	}
	call := w.store.call()
	out, err := w.store.client.CreateMultipartUpload(ctx, input, call.option)
	w.stray = w.stray || call.unanswered
	if err != nil {
		return w.fail(w.store.explain(ctx, "beginning", w.name, err))
	}
	w.upload = aws.ToString(out.UploadId)
	return nil
}

var errNoVersion = errors.New("the answer names no version")

// complete makes an object of the parts.
func (w *writer) complete(ctx context.Context) (blob.Object, error) {
	call := w.store.call()
	out, err := w.store.client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
		Bucket: &w.store.bucket, Key: &w.name, UploadId: &w.upload, IfNoneMatch: noneThere, MpuObjectSize: &w.size,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: w.parts},
	}, call.option)
	if err == nil && aws.ToString(out.VersionId) == "" && call.unanswered {
		err = errNoVersion // an earlier try made the object; not every store says its version twice
	}
	if err != nil {
		return w.settle(ctx, call, err)
	}
	w.upload = ""
	object, err := w.made(ctx, out.VersionId, out.ResultMetadata)
	if err != nil {
		return object, err
	}
	// S3 dates an object of parts from their beginning, others from their end.
	if told, writer, err := w.store.head(ctx, w.name, nil); err == nil && writer == w.id {
		object = told
	}
	return object, nil
}

// drop removes the parts, and waits for the one on its way, which could outlive
// them.
func (w *writer) drop(ctx context.Context) error {
	lost := false
	if w.flight != nil {
		w.flight.cancel()
		<-w.flight.done
		lost = w.flight.lost
	}
	w.filling.release()
	if w.stray {
		if err := w.store.Discard(ctx, w.name); err != nil {
			return err
		}
		w.stray = false
	}
	if w.upload == "" {
		return nil
	}
	for range 1 + count(lost) { // a part that S3 was taking in may have stayed
		if err := w.store.abort(ctx, w.name, w.upload); err != nil {
			return err
		}
	}
	w.upload = ""
	return nil
}

func count(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// abort ends an upload by parts. One that is not there is success.
func (s *Store) abort(ctx context.Context, name, upload string) error {
	_, err := s.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &s.bucket, Key: &name, UploadId: &upload})
	if err == nil || awsfailure.Code(err) == "NoSuchUpload" {
		return nil
	}
	return s.explain(ctx, "discarding", name, err)
}
