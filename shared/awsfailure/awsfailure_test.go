package awsfailure

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

func answered(status int, request string, err error) error {
	return &awshttp.ResponseError{RequestID: request, ResponseError: &smithyhttp.ResponseError{
		Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}}, Err: err,
	}}
}

func TestReading(t *testing.T) {
	said := &smithy.GenericAPIError{Code: "Throttling"}
	for name, c := range map[string]struct {
		err             error
		status          int
		code, request   string
		never, overtime bool
	}{
		"an answer":          {err: fmt.Errorf("x: %w", answered(400, "r\n1", said)), status: 400, code: "Throttling", request: " (request r 1)"},
		"one without an id":  {err: answered(503, "", errors.New("no body")), status: 503},
		"a code alone":       {err: said, code: "Throttling"},
		"no connection":      {err: fmt.Errorf("x: %w", &net.OpError{Op: "dial", Err: errors.New("refused")}), never: true},
		"no way past":        {err: &net.OpError{Op: "proxyconnect", Err: errors.New("refused")}, never: true},
		"a wrong name":       {err: &tls.CertificateVerificationError{Err: errors.New("other")}, never: true},
		"cut off":            {err: &net.OpError{Op: "read", Err: errors.New("reset")}},
		"no time":            {err: fmt.Errorf("x: %w", context.DeadlineExceeded), overtime: true},
		"nobody waits":       {err: context.Canceled, overtime: true},
		"dialled for nought": {err: &net.OpError{Op: "dial", Err: context.Canceled}, never: true, overtime: true},
	} {
		if Status(c.err) != c.status || Code(c.err) != c.code || Request(c.err) != c.request ||
			NeverConnected(c.err) != c.never || Overtime(c.err) != c.overtime {
			t.Errorf("%s is read as %d %q%s, never connected %t, overtime %t",
				name, Status(c.err), Code(c.err), Request(c.err), NeverConnected(c.err), Overtime(c.err))
		}
	}
}

func TestLine(t *testing.T) {
	if got := Line("one\r\n\ttwo  three\n"); got != "one two three" {
		t.Errorf("got %q", got)
	}
	for fill := range 4 { // wherever the cut falls into a character
		got := Line(strings.Repeat("x", fill) + strings.Repeat("€", 200))
		if len(got) > mostOfText+len("…") || len(got) < mostOfText-3 || !utf8.ValidString(got) {
			t.Errorf("a long line becomes %d bytes: %q", len(got), got)
		}
	}
}
