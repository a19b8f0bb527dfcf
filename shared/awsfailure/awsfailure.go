// Package awsfailure reads the errors of the AWS SDK, for the adapters that turn them
// into their ports' own.
package awsfailure

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"

	"github.com/aws/smithy-go"
)

// Code is the error code of an answer, empty where the service did not say one.
func Code(err error) string {
	var said smithy.APIError
	if errors.As(err, &said) {
		return said.ErrorCode()
	}
	return ""
}

// Status is the HTTP status of an answer, 0 where there was none.
func Status(err error) int {
	var answer interface{ HTTPStatusCode() int }
	if errors.As(err, &answer) {
		return answer.HTTPStatusCode()
	}
	return 0
}

// Request is what a log line ends with: the id by which AWS knows the request of an
// answer, empty where there is none.
func Request(err error) string {
	var answer interface{ ServiceRequestID() string }
	if errors.As(err, &answer) && answer.ServiceRequestID() != "" {
		return " (request " + Line(answer.ServiceRequestID()) + ")"
	}
	return ""
}

// NeverConnected reports an error from before there was a connection that a request
// could have been sent on.
func NeverConnected(err error) bool {
	var dial *net.OpError
	var certificate *tls.CertificateVerificationError
	return errors.As(err, &dial) && (dial.Op == "dial" || dial.Op == "proxyconnect") || errors.As(err, &certificate)
}

// Overtime reports whether an attempt failed for nothing but its time.
func Overtime(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

// mostOfText is how much of what a service said goes into a log line, in bytes.
const mostOfText = 400

// Line makes one line of a text, of a bearable length.
func Line(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > mostOfText {
		text = strings.ToValidUTF8(text[:mostOfText], "") + "…"
	}
	return text
}
