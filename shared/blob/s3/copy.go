package s3

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/gander-images/gander/shared/blob"
)

// copySize is the size of the parts of a copy, in bytes: S3 copies them itself,
// up to 5 GiB at a time. 1 TiB are 1,024 parts.
const copySize = 1 << 30

// Copy implements blob.Store. S3 copies. It goes by parts, however small the
// object: completing them is what every store refuses where the name is taken,
// and what became of it can be found out as with other writers.
func (s *Store) Copy(ctx context.Context, name, version, to string) (blob.Object, error) {
	if err := errors.Join(check(ctx, name), blob.CheckName(to)); err != nil {
		return blob.Object{}, err
	}
	if version == "" {
		return blob.Object{}, fmt.Errorf("copying %s: %w", name, blob.ErrNotFound)
	}
	from, _, err := s.head(ctx, name, &version)
	if err != nil {
		return blob.Object{}, s.explain(ctx, "copying", name, err)
	}
	w := s.begin(ctx, to)
	err = w.copyFrom(from)
	if err == nil {
		var object blob.Object
		if object, err = w.Commit(ctx); err == nil {
			return object, nil
		}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	if aborted := w.Abort(ctx); aborted != nil {
		err = unknown("copying to", to, fmt.Errorf("%w; %w", err, aborted))
	}
	return blob.Object{}, err
}

// copyFrom is Write of an object by S3. Of none there are no parts: an empty
// object is put.
func (w *writer) copyFrom(from blob.Object) error {
	if from.Size == 0 {
		return nil
	}
	if err := w.open(w.ctx, ""); err != nil { // what checksum a copy has is S3's own choice
		return err
	}
	for w.size < from.Size {
		n := min(copySize, from.Size-w.size)
		if err := w.copyPart(from, w.size, n); err != nil {
			return err
		}
		w.size += n
	}
	return nil
}

func (w *writer) copyPart(from blob.Object, offset, length int64) error {
	number := aws.Int32(int32(w.next())) //nolint:gosec // at most 10,000
	input := &s3.UploadPartCopyInput{
		Bucket: &w.store.bucket, Key: &w.name, UploadId: &w.upload, PartNumber: number,
		CopySource: aws.String(source(w.store.bucket, from.Name, from.Version)),
	}
	if length < from.Size { // a range is for parts of 5 MiB and more
		input.CopySourceRange = aws.String(fmt.Sprintf("bytes=%d-%d", offset, offset+length-1))
	}
	out, err := w.store.client.UploadPartCopy(w.ctx, input)
	if err != nil {
		return w.fail(w.store.explain(w.ctx, "copying", from.Name, err))
	}
	if out.CopyPartResult == nil {
		return w.fail(fmt.Errorf("copying %s: the answer names no part", from.Name))
	}
	w.parts = append(w.parts, types.CompletedPart{ETag: out.CopyPartResult.ETag, PartNumber: number})
	return nil
}

// source names a version as the header x-amz-copy-source does.
func source(bucket, name, version string) string {
	return (&url.URL{Path: bucket + "/" + name}).EscapedPath() + "?versionId=" + url.QueryEscape(version)
}
