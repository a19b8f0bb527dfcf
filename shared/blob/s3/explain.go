package s3

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/aws/smithy-go"

	"github.com/gander-images/gander/shared/awsfailure"
	"github.com/gander-images/gander/shared/blob"
	"github.com/gander-images/gander/shared/problem"
)

// explain turns what S3 said into what the port says, and keeps the cause for
// the log. Not for changes that may have happened: see unknown.
func (s *Store) explain(ctx context.Context, doing, name string, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return fmt.Errorf("%s %s: %w", doing, name, cause)
	}
	kind := blob.ErrBusy
	switch code := awsfailure.Code(err); {
	case absent(err):
		kind = blob.ErrNotFound
	case code == "PreconditionFailed":
		kind = blob.ErrExists
	case code == "QuotaExceeded", code == "EntityTooLarge", code == "XMinioStorageFull", awsfailure.Status(err) == http.StatusInsufficientStorage:
		kind = blob.ErrFull
	case code == "NoSuchUpload":
		return fmt.Errorf("%s %s: it was discarded meanwhile: %w: %w", doing, name, kind, told(err))
	}
	return fmt.Errorf("%s %s: %w: %w", doing, name, kind, told(err))
}

// unknown is the error of a change that happened or did not. It wraps none of the
// port's errors, for each of them says that it did not.
func unknown(doing, name string, err error) error {
	cause := &failure{text: fmt.Sprintf("%s %s: what became of it is not known: %s", doing, name, awsfailure.Line(told(err).Error()))}
	return problem.Because(cause, problem.Unavailable, "The image store did not answer. Try again.")
}

// absent reports whether there is no such object or version.
func absent(err error) bool {
	switch awsfailure.Code(err) {
	case "NoSuchKey", "NoSuchVersion":
		return true
	case "NoSuchBucket", "NoSuchUpload":
		return false
	}
	return awsfailure.Status(err) == http.StatusNotFound
}

// noVersion turns what S3 says of a version that it could not have given, which
// is an invalid argument to it, into the absence of that version. For requests
// with no other argument that could be meant.
func noVersion(err error) error {
	if awsfailure.Code(err) == "InvalidArgument" && awsfailure.Status(err) == http.StatusBadRequest {
		return &smithy.GenericAPIError{Code: "NoSuchVersion", Message: "There can be no such version."}
	}
	return err
}

// noBucket is the error of an answer about the bucket, which has no code.
func noBucket(err error) error {
	if awsfailure.Status(err) != http.StatusNotFound {
		return err
	}
	return &smithy.GenericAPIError{Code: "NoSuchBucket", Message: "The bucket does not exist."}
}

// A failure is an error of the SDK, told in one line without the URL: its query
// may hold what opens an object.
type failure struct {
	text  string
	cause error
}

func (f *failure) Error() string { return f.text }

func (f *failure) Unwrap() error { return f.cause }

// told returns err with its text cut down to what is worth a log line.
func told(err error) error {
	var (
		operation *smithy.OperationError
		already   *failure
	)
	if errors.As(err, &already) {
		return err
	}
	if !errors.As(err, &operation) {
		return &failure{text: awsfailure.Line(err.Error()), cause: err}
	}
	text := awsfailure.Line(operation.Err.Error())
	var (
		said   smithy.APIError
		unsent *url.Error
	)
	switch {
	case errors.As(err, &said):
		text = fmt.Sprintf("%d %s: %s", awsfailure.Status(err), said.ErrorCode(), awsfailure.Line(said.ErrorMessage())) + awsfailure.Request(err)
	case errors.As(err, &unsent):
		text = awsfailure.Line(unsent.Err.Error())
	}
	return &failure{text: "S3 " + operation.OperationName + ": " + text, cause: err}
}
