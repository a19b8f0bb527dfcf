package s3

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/gander-images/gander/shared/blob"
)

// Walk implements blob.Store. It shows every version, also one that something
// else than Gander hid: its bytes are still there, and can be read and deleted.
// Of unfinished objects S3 tells no size; those that fit in one part it never
// saw.
func (s *Store) Walk(ctx context.Context, prefix string, visit func(blob.Object) error) error {
	if err := s.versions(ctx, prefix, visit); err != nil {
		return err
	}
	return s.uploads(ctx, prefix, func(u types.MultipartUpload) error {
		return visit(blob.Object{Name: *u.Key, Modified: aws.ToTime(u.Initiated), Unfinished: true})
	})
}

// versions calls visit for every version of every object.
func (s *Store) versions(ctx context.Context, prefix string, visit func(blob.Object) error) error {
	input := &s3.ListObjectVersionsInput{Bucket: &s.bucket, Prefix: &prefix}
	for {
		page, err := s.client.ListObjectVersions(ctx, input)
		if err != nil {
			return s.explain(ctx, "listing", prefix, err)
		}
		for _, v := range page.Versions {
			if err := s.visit(ctx, aws.ToString(v.Key), prefix, func() error {
				return visit(blob.Object{
					Name: *v.Key, Version: aws.ToString(v.VersionId), Size: aws.ToInt64(v.Size), Modified: aws.ToTime(v.LastModified),
				})
			}); err != nil {
				return err
			}
		}
		if !aws.ToBool(page.IsTruncated) {
			return nil
		}
		input.KeyMarker, input.VersionIdMarker = page.NextKeyMarker, page.NextVersionIdMarker
	}
}

// uploads calls visit for every upload by parts that is neither complete nor
// aborted.
func (s *Store) uploads(ctx context.Context, prefix string, visit func(types.MultipartUpload) error) error {
	input := &s3.ListMultipartUploadsInput{Bucket: &s.bucket, Prefix: &prefix}
	for {
		page, err := s.client.ListMultipartUploads(ctx, input)
		if err != nil {
			return s.explain(ctx, "listing", prefix, err)
		}
		for _, u := range page.Uploads {
			if err := s.visit(ctx, aws.ToString(u.Key), prefix, func() error { return visit(u) }); err != nil {
				return err
			}
		}
		if !aws.ToBool(page.IsTruncated) {
			return nil
		}
		input.KeyMarker, input.UploadIdMarker = page.NextKeyMarker, page.NextUploadIdMarker
	}
}

// visit passes over what somebody else keeps in the bucket under names that are
// none of the port's.
func (s *Store) visit(ctx context.Context, name, prefix string, do func() error) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if strings.HasPrefix(name, prefix) && blob.CheckName(name) == nil {
		return do()
	}
	return nil
}

// Discard implements blob.Store.
func (s *Store) Discard(ctx context.Context, name string) error {
	if err := check(ctx, name); err != nil {
		return err
	}
	return s.uploads(ctx, name, func(u types.MultipartUpload) error {
		if *u.Key == name {
			return s.abort(ctx, name, aws.ToString(u.UploadId))
		}
		return nil // it only begins with the name
	})
}
