package secretsmanager

import (
	"errors"
	"net/http"

	"github.com/aws/smithy-go"

	"github.com/gander-images/gander/shared/awsfailure"
)

// errState says that a secret's state does not allow the call: it is scheduled for
// deletion, or, for a restore, not.
var errState = errors.New("the secret's state does not allow that")

// A verdict says what a failed attempt means.
type verdict int

const (
	unknown verdict = iota // it may have happened
	busy                   // it did not happen, and may when tried again
	final                  // it did not happen, and more attempts are of no use
	missing
	taken
	state
)

// settles reports whether a verdict tells what became of earlier attempts, too.
func (v verdict) settles() bool { return v == missing || v == taken || v == state }

// verdicts of Secrets Manager's own error codes. Any other code is unknown with a
// status of 500 or more, and final below.
//
// Source: AWS Secrets Manager API Reference, the operations' errors and "Common Error
// Types".
var verdicts = map[string]verdict{
	"ResourceNotFoundException":   missing,
	"ResourceExistsException":     taken,
	"InvalidRequestException":     state,
	"RequestLimitExceeded":        busy,
	"Throttling":                  busy,
	"ThrottlingException":         busy,
	"TooManyRequestsException":    busy,
	"PreconditionNotMetException": final,
	"DecryptionFailure":           final,
	"EncryptionFailure":           final,
	"LimitExceededException":      final,
}

// judge says what the error of an attempt means.
func (a *attempt) judge(err error) verdict {
	var api smithy.APIError
	if errors.As(err, &api) {
		v, known := verdicts[api.ErrorCode()]
		switch {
		case known:
			return v
		case awsfailure.Status(err) >= http.StatusInternalServerError:
			return unknown
		}
		return final
	}
	switch {
	case !a.sent && awsfailure.Overtime(err), awsfailure.NeverConnected(err):
		return busy
	case !a.sent:
		return final // without a region or credentials nothing is sent
	}
	return unknown
}

// A cause is an error of the SDK, as a log may hold it: one line without the service's
// own words, which may repeat the request.
type cause struct {
	operation string
	err       error
}

func (c *cause) Unwrap() error { return c.err }

func (c *cause) Error() string {
	text := "secretsmanager " + c.operation + ": "
	var api smithy.APIError
	if !errors.As(c.err, &api) {
		err := c.err
		var operation *smithy.OperationError
		if errors.As(err, &operation) {
			err = operation.Err
		}
		return text + awsfailure.Line(err.Error())
	}
	return text + awsfailure.Line(api.ErrorCode()) + awsfailure.Request(c.err)
}
