// Package s3 keeps objects in one bucket of S3, or of whatever speaks its
// protocol. The bucket keeps versions: an object's version is S3's version id,
// reading and deletion name it, and nothing is ever deleted without one.
//
// What it takes of S3, by IAM's names: to write, PutObject and
// AbortMultipartUpload, GetObject with ListBucket to find out what became of a
// request whose answer was lost, and DeleteObjectVersion with
// ListBucketMultipartUploads to take back what came of it; to read,
// GetObjectVersion; to describe, GetObject with ListBucket, without which S3 says
// 403 of what is not there; to delete, DeleteObjectVersion; to discard,
// ListBucketMultipartUploads and AbortMultipartUpload; to walk, ListBucketVersions
// and ListBucketMultipartUploads.
//
// The bucket should have a rule that aborts unfinished multipart uploads after a
// few days: it takes what a process left that was killed.
package s3

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/gander-images/gander/shared/awsfailure"
	"github.com/gander-images/gander/shared/blob"
)

// A Store keeps objects in one bucket.
type Store struct {
	client *s3.Client
	bucket string
	retry  aws.RetryerV2
	now    func() time.Time

	parts   schedule
	silence time.Duration // see maxSilence

	// seen says that the bucket answered once, so that what is not found in it
	// is an object.
	seen atomic.Bool

	flights sync.WaitGroup // parts on their way, for tests that look at what was begun
}

var _ blob.Presigner = (*Store)(nil)

// An Option changes how a Store works.
type Option func(*Store)

// Clock has URLs signed by another clock than the machine's. For tests.
func Clock(now func() time.Time) Option {
	return func(s *Store) { s.now = now }
}

// Open returns the store of a bucket. It calls nobody: that the bucket is there
// shows when it is used. The bucket's name is part of the host's, unless an
// endpoint is configured: then it begins the path.
func Open(cfg aws.Config, bucket string, options ...Option) *Store {
	s := &Store{bucket: bucket, retry: newRetryer(), now: time.Now, parts: growing, silence: maxSilence}
	for _, o := range options {
		o(s)
	}
	s.client = s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.UsePathStyle = o.BaseEndpoint != nil
		o.Retryer = s.retry
		o.HTTPClient = impatient(o.HTTPClient, s.silence)
		o.DisableLogOutputChecksumValidationSkipped = true // ranges have none; that is no news
	})
	return s
}

// Stat implements blob.Store.
func (s *Store) Stat(ctx context.Context, name string) (blob.Object, error) {
	if err := check(ctx, name); err != nil {
		return blob.Object{}, err
	}
	object, _, err := s.head(ctx, name, nil)
	if err != nil {
		return blob.Object{}, s.explain(ctx, "looking for", name, err)
	}
	return object, nil
}

// head describes one version of an object, or the current one, and tells which
// writer wrote it.
func (s *Store) head(ctx context.Context, name string, version *string) (o blob.Object, writer string, err error) {
	out, err := s.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &s.bucket, Key: &name, VersionId: version})
	if err != nil {
		return o, "", s.missing(ctx, name, version, err)
	}
	s.seen.Store(true)
	o = blob.Object{Name: name, Version: aws.ToString(out.VersionId), Size: aws.ToInt64(out.ContentLength), Modified: aws.ToTime(out.LastModified)}
	if o.Version == "" {
		o.Version = nullVersion
	}
	return o, out.Metadata[writerKey], nil
}

// nullVersion is S3's name for what was written while no versions were kept.
const nullVersion = "null"

// missing finds out what an answer without a body means: a 404 the object or the
// bucket, a 400 the version or something else.
func (s *Store) missing(ctx context.Context, name string, version *string, err error) error {
	switch status := awsfailure.Status(err); {
	case status == http.StatusBadRequest && version != nil:
		out, err := s.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &s.bucket, Key: &name, VersionId: version, Range: aws.String("bytes=0-0")})
		if err == nil {
			err = errors.Join(errors.New("the object is there, and cannot be described"), out.Body.Close())
		}
		return noVersion(err)
	case status != http.StatusNotFound || s.seen.Load():
		return err
	}
	if _, absent := s.client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &s.bucket}); absent != nil {
		return noBucket(absent)
	}
	s.seen.Store(true)
	return err
}

// Delete implements blob.Store. Without a version S3 would hide the object
// rather than delete it.
func (s *Store) Delete(ctx context.Context, name, version string) error {
	if err := check(ctx, name); err != nil {
		return err
	}
	if version == "" {
		return nil
	}
	_, err := s.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &s.bucket, Key: &name, VersionId: &version})
	if err = noVersion(err); err == nil || absent(err) {
		return nil
	}
	return s.explain(ctx, "deleting", name, err)
}

// check is what every call begins with.
func check(ctx context.Context, name string) error {
	if err := blob.CheckName(name); err != nil {
		return err
	}
	return context.Cause(ctx)
}
