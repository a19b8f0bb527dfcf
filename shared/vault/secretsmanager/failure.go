package secretsmanager

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
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
		case statusOf(err) >= http.StatusInternalServerError:
			return unknown
		}
		return final
	}
	switch {
	case !a.sent && overtime(err), neverConnected(err):
		return busy
	case !a.sent:
		return final // without a region or credentials nothing is sent
	}
	return unknown
}

func overtime(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

func statusOf(err error) int {
	var response *awshttp.ResponseError
	if errors.As(err, &response) {
		return response.HTTPStatusCode()
	}
	return 0
}

// neverConnected reports an error from before there was a connection that a request
// could have been sent on.
func neverConnected(err error) bool {
	var dial *net.OpError
	var certificate *tls.CertificateVerificationError
	return errors.As(err, &dial) && (dial.Op == "dial" || dial.Op == "proxyconnect") || errors.As(err, &certificate)
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
		return text + line(err.Error())
	}
	text += line(api.ErrorCode())
	var response *awshttp.ResponseError
	if errors.As(c.err, &response) && response.ServiceRequestID() != "" {
		text += " (request " + line(response.ServiceRequestID()) + ")"
	}
	return text
}

const mostOfMessage = 300 // bytes

// line cuts a message to one line of a bearable length.
func line(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > mostOfMessage {
		s = strings.ToValidUTF8(s[:mostOfMessage], "") + "…"
	}
	return s
}
