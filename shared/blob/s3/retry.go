package s3

import (
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"github.com/gander-images/gander/shared/awsfailure"
)

// Only the SDK repeats requests, and every request here may be repeated. It
// tries up to six times: after a random part of 0.1, 0.2, 0.4, 0.8 and 1.6 s, or,
// where S3 asked to slow down, of 1, 2, 4, 5 and 5 s. Once about 35 tries more
// than calls have failed in one process, it stops repeating until calls succeed
// again. The caller gets the last error.
const (
	maxAttempts = 6
	baseDelay   = 100 * time.Millisecond
	maxBackoff  = 5 * time.Second
)

func newRetryer(more ...func(*retry.StandardOptions)) aws.RetryerV2 {
	return retry.NewStandard(append([]func(*retry.StandardOptions){func(o *retry.StandardOptions) {
		o.MaxAttempts, o.BaseDelay, o.MaxBackoff = maxAttempts, baseDelay, maxBackoff
		o.Retryables = append([]retry.IsErrorRetryable{retry.IsErrorRetryableFunc(repeatable)}, o.Retryables...)
	}}, more...)...)
}

// repeatable adds what the SDK does not know: that 409 is of somebody who is just
// then at the same name, and that answers may be cut off.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
func repeatable(err error) aws.Ternary {
	var cut *smithy.DeserializationError
	switch code := awsfailure.Code(err); {
	case code == "PreconditionFailed": // also inside of a 200
		return aws.FalseTernary
	case awsfailure.Status(err) == http.StatusConflict, code == "ConditionalRequestConflict", code == "OperationAborted": // likewise
		return aws.TrueTernary
	case errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &cut):
		return aws.TrueTernary
	}
	return aws.UnknownTernary
}

// A call watches the tries of one request.
type call struct {
	aws.RetryerV2
	unanswered bool // some try may have happened, whatever the last one said
}

func (s *Store) call() *call { return &call{RetryerV2: s.retry} }

func (c *call) option(o *s3.Options) { o.Retryer = c }

// IsErrorRetryable is told of each try that failed.
func (c *call) IsErrorRetryable(err error) bool {
	c.unanswered = c.unanswered || !refused(err)
	return c.RetryerV2.IsErrorRetryable(err)
}

// refused reports whether it is certain that a request was not carried out.
// Other errors of the server leave it open.
func refused(err error) bool {
	if awsfailure.NeverConnected(err) {
		return true
	}
	switch awsfailure.Code(err) {
	case "SlowDown", "ServiceUnavailable", "PreconditionFailed", "ConditionalRequestConflict", "OperationAborted", "NoSuchUpload":
		return true
	}
	status := awsfailure.Status(err)
	return status >= 300 && status < 500 || status == http.StatusNotImplemented || status == http.StatusInsufficientStorage
}
