package dynamo

import (
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/aws/smithy-go"

	"github.com/gander-images/gander/shared/awsfailure"
	"github.com/gander-images/gander/shared/table"
)

// A verdict says what a failed attempt means.
type verdict int

const (
	unknown  verdict = iota // it may have happened; the same request again tells
	busy                    // it did not happen, and may when tried again
	invalid                 // a defect of ours
	tooLarge                // an item beyond 400 KB
	unusable                // no such table, or no leave to use it
)

// verdicts of DynamoDB's own error codes. Any other code is unknown with a status
// of 500 or more, and unusable below.
//
// Source: Amazon DynamoDB Developer Guide, "Error handling with DynamoDB";
// API Reference, TransactWriteItems.
var verdicts = map[string]verdict{
	"ProvisionedThroughputExceeded":          busy,
	"ProvisionedThroughputExceededException": busy,
	"RequestLimitExceeded":                   busy,
	"LimitExceededException":                 busy,
	"Throttling":                             busy,
	"ThrottlingError":                        busy,
	"ThrottlingException":                    busy,
	"TransactionCanceledException":           busy, // for reasons that it does not tell
	"TransactionConflict":                    busy,
	"TransactionConflictException":           busy,
	"ReplicatedWriteConflictException":       busy,
	"TransactionInProgressException":         unknown, // an attempt of ours is still running
	"IdempotentParameterMismatchException":   invalid,
	"SerializationException":                 invalid,
	"ValidationError":                        invalid,
	"ValidationException":                    invalid,
}

// An attempt is one request on its way; it is told by the context.
type attempt struct {
	sent       bool          // it came as far as the connection
	repeatable bool          // what it sends must stay the same
	sends      io.ReadSeeker // that, once it is known
}

// judge says what the error of an attempt means.
func (a *attempt) judge(err error) verdict {
	var api smithy.APIError
	if errors.As(err, &api) {
		return judgeCode(api, awsfailure.Status(err))
	}
	switch {
	case !a.sent && awsfailure.Overtime(err):
		return busy
	case !a.sent:
		return unusable // without a region or credentials nothing is sent
	case awsfailure.NeverConnected(err):
		return busy
	default:
		return unknown
	}
}

func judgeCode(api smithy.APIError, status int) verdict {
	v, known := verdicts[api.ErrorCode()]
	switch {
	case known && v == invalid && aboutSize(api.ErrorMessage()):
		return tooLarge
	case known:
		return v
	case status >= http.StatusInternalServerError:
		return unknown
	default:
		return unusable
	}
}

// aboutSize reads DynamoDB's sentence "Item size to update has exceeded the
// maximum allowed size" and its like; no code of its own says so.
func aboutSize(message string) bool {
	message = strings.ToLower(message)
	return strings.Contains(message, "size") && strings.Contains(message, "exceed")
}

// kind returns the port's error for a verdict that stands. Not knowing what
// became of a read loses nothing.
func (v verdict) kind(write bool) error {
	switch {
	case v == unknown && write:
		return table.ErrUnknown
	case v == invalid:
		return table.ErrInvalid
	case v == tooLarge:
		return table.ErrItemTooLarge
	case v == unusable:
		return table.ErrUnusable
	default:
		return table.ErrBusy
	}
}

// A cause is an error of the SDK, as a log may hold it: one line, without what
// DynamoDB echoes of a signature.
type cause struct{ err error }

func (c *cause) Unwrap() error { return c.err }

// quoted are the codes whose messages are safe to repeat. Those about signatures
// and tokens are not: they quote the headers of the request.
var quoted = map[string]bool{
	"AccessDeniedException":     true,
	"InternalServerError":       true,
	"ResourceNotFoundException": true,
}

func (c *cause) Error() string {
	var operation *smithy.OperationError
	text, err := "dynamodb", c.err
	if errors.As(err, &operation) {
		text, err = text+" "+operation.Operation(), operation.Err
	}
	var api smithy.APIError
	if !errors.As(err, &api) {
		return text + ": " + awsfailure.Line(err.Error())
	}
	text += ": " + awsfailure.Line(api.ErrorCode())
	if _, ours := verdicts[api.ErrorCode()]; (ours || quoted[api.ErrorCode()]) && api.ErrorMessage() != "" {
		text += ": " + awsfailure.Line(api.ErrorMessage())
	}
	return text + awsfailure.Request(c.err)
}
