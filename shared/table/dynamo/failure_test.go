package dynamo

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/gander-images/gander/shared/problem"
	"github.com/gander-images/gander/shared/table"
)

// calls makes every call of the port, a write last.
func calls(t *testing.T, d *Table) map[string]error {
	_, get := d.Get(t.Context(), testKey)
	_, batch := d.Get(t.Context(), testKey, table.Key{Partition: "p", Sort: "t"})
	_, query := d.Query(t.Context(), table.Query{Partition: "p", Limit: 1})
	_, transact := d.Transact(t.Context(), testPut())
	return map[string]error{"Get": get, "Get of two": batch, "Query": query, "Transact": transact}
}

// TestUnusable asks where nobody lets us in: the caller is told 503, the log the
// cause, in one line and without what DynamoDB echoes of a signature.
func TestUnusable(t *testing.T) {
	const echo = "The Canonical String for this request should have been\n'POST\n/\n\nx-amz-security-token:session-hunter3\n'"
	for code, c := range map[string]struct{ message, want string }{
		"ResourceNotFoundException":           {"Requested resource\nnot found", "ResourceNotFoundException: Requested resource not found (request REQUEST1)"},
		"AccessDeniedException":               {"User: arn:aws:iam::1:user/x is not authorized", "AccessDeniedException: User: arn:aws:iam::1:user/x is not authorized (request REQUEST1)"},
		"InvalidSignatureException":           {echo, "InvalidSignatureException (request REQUEST1)"},
		"IncompleteSignatureException":        {"Authorization=AWS4-HMAC-SHA256 Credential=key/hunter3", "IncompleteSignatureException (request REQUEST1)"},
		"UnrecognizedClientException":         {"The security token hunter3 is invalid", "UnrecognizedClientException (request REQUEST1)"},
		"ExpiredTokenException":               {"hunter3", "ExpiredTokenException (request REQUEST1)"},
		"MissingAuthenticationTokenException": {"hunter3", "MissingAuthenticationTokenException (request REQUEST1)"},
	} {
		f := newFake(t)
		for _, operation := range []string{"GetItem", "BatchGetItem", "Query", "TransactWriteItems"} {
			f.ever(operation, fail(400, code, c.message))
		}
		for call, err := range calls(t, f.open(0)) {
			if !errors.Is(err, table.ErrUnusable) {
				t.Fatalf("%s, %s: %v", call, code, err)
			}
			told(t, call+", "+code, err, c.want)
		}
	}
}

// TestClockIsSet has DynamoDB refuse the first signature, for a clock that is an
// hour behind, and every signature.
func TestClockIsSet(t *testing.T) {
	f, days := newFake(t), []string{}
	f.ever("GetItem", func(f *fake, w http.ResponseWriter, r request) {
		if days = append(days, r.date); len(days)%2 == 1 {
			w.Header().Set("Date", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat))
			fail(400, "InvalidSignatureException", "Signature expired")(f, w, r)
			return
		}
		answer(object{"Item": stored(nil)})(f, w, r)
	})
	if items, err := f.open(0).Get(t.Context(), testKey); err != nil || items[0] == nil {
		t.Fatalf("%+v, %v", items, err)
	}
	first, err := time.Parse("20060102T150405Z", days[0])
	if err != nil {
		t.Fatal(err)
	}
	second, err := time.Parse("20060102T150405Z", days[1])
	if err != nil || second.Sub(first) < 50*time.Minute {
		t.Errorf("signed at %s and %s, %v", first, second, err)
	}
	f.ever("GetItem", fail(400, "InvalidSignatureException", "Signature expired"))
	if _, err := f.open(0).Get(t.Context(), testKey); !errors.Is(err, table.ErrUnusable) || len(f.requests("GetItem")) != 4 {
		t.Errorf("%v after %d requests", err, len(f.requests("GetItem")))
	}
}

// told holds an error to what the caller and the log may read of it.
func told(t *testing.T, what string, err error, cause string) {
	t.Helper()
	if status, message := problem.Status(err); status != 503 || message == "" || strings.Contains(message, "dynamodb") {
		t.Errorf("%s: the caller is told %d %q", what, status, message)
	}
	if text := err.Error(); !strings.Contains(text, cause) || strings.ContainsAny(text, "\n\r") || strings.Contains(text, "hunter") {
		t.Errorf("%s: the log is told %q, not %q", what, text, cause)
	}
}

// TestNobodyThere asks an address where nobody listens. That is worth waiting
// for, and certain not to have happened.
func TestNobodyThere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := newFake(t)
	cfg := f.config()
	cfg.BaseEndpoint = aws.String("http://" + l.Addr().String())
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	for call, err := range calls(t, Open(cfg, "tab", WithPatience(100*time.Millisecond))) {
		if !errors.Is(err, table.ErrBusy) {
			t.Errorf("%s: %v", call, err)
		}
		told(t, call, err, "connection refused")
	}
	if took := time.Since(start); took < 100*time.Millisecond || took > 3*time.Second {
		t.Errorf("four calls took %s", took)
	}
}

// TestBusyTells has the log learn what kept the table busy.
func TestBusyTells(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	for _, operation := range []string{"GetItem", "BatchGetItem", "Query", "TransactWriteItems"} {
		f.ever(operation, throttle)
	}
	for call, err := range calls(t, f.open(100*time.Millisecond)) {
		if !errors.Is(err, table.ErrBusy) {
			t.Errorf("%s: %v", call, err)
		}
		told(t, call, err, "ThrottlingException: slow down (request REQUEST1)")
	}
	for _, operation := range []string{"GetItem", "BatchGetItem", "Query", "TransactWriteItems"} {
		f.ever(operation, garbage)
	}
	for call, err := range calls(t, f.open(100*time.Millisecond)) {
		told(t, call, err, "502")
	}
}

// TestNothingIsSent without credentials or a region: that is not worth trying
// again, and certain not to have happened.
func TestNothingIsSent(t *testing.T) {
	f := newFake(t)
	noCredentials, noRegion := f.config(), f.config()
	noCredentials.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{}, errors.New("no credentials are to be had")
	})
	noRegion.Region, noRegion.BaseEndpoint = "", nil
	for name, cfg := range map[string]aws.Config{"no credentials are to be had": noCredentials, "Region": noRegion} {
		for call, err := range calls(t, Open(cfg, "tab")) {
			if !errors.Is(err, table.ErrUnusable) {
				t.Errorf("%s, %s: %v", call, name, err)
			}
			told(t, call, err, name)
		}
	}
	if len(f.seen) > 0 {
		t.Errorf("%d requests came", len(f.seen))
	}
}

// bodies is a client that looks at what it is to send.
type bodies struct {
	client *http.Client
	look   func(io.Reader)
}

func (b bodies) Do(r *http.Request) (*http.Response, error) {
	b.look(r.Body)
	return b.client.Do(r)
}

// TestBodiesAreOnlyRead holds bodies to the one way of reading them that does not
// make the SDK cut its own connection: see body.
func TestBodiesAreOnlyRead(t *testing.T) {
	f := newFake(t)
	f.ever("GetItem", answer(object{}))
	f.ever("BatchGetItem", answer(object{}))
	f.ever("Query", answer(object{}))
	cfg, looked := f.config(), 0
	cfg.HTTPClient = bodies{f.Client(), func(r io.Reader) {
		looked++
		if _, ok := r.(io.WriterTo); ok {
			t.Errorf("a body of %T", r)
		}
	}}
	for call, err := range calls(t, Open(cfg, "tab")) {
		if err != nil {
			t.Errorf("%s: %v", call, err)
		}
	}
	if looked != 4 {
		t.Errorf("%d requests for 4 calls", looked)
	}
}
