package s3

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/gander-images/gander/shared/blob"
	"github.com/gander-images/gander/shared/problem"
)

// everyCall makes each call of the port once.
func everyCall(ctx context.Context, s *Store) map[string]error {
	_, _, putSmall := put(ctx, s, "a", small)
	_, _, putLarge := put(ctx, s, "a", large)
	_, stat := s.Stat(ctx, "a")
	_, open := s.Open(ctx, "a", "id1", 0, -1)
	_, nothing := s.Open(ctx, "a", "id1", 0, 0)
	_, copied := s.Copy(ctx, "a", "id1", "b")
	return map[string]error{
		"put small": putSmall, "put large": putLarge, "stat": stat, "open": open, "open nothing": nothing, "copy": copied,
		"delete": s.Delete(ctx, "a", "id1"), "discard": s.Discard(ctx, "a"),
		"walk": s.Walk(ctx, "", func(blob.Object) error { return nil }),
	}
}

// What the operator must put right is a 503 to callers, and to the log one line
// with the cause, without what a URL holds.
func TestWhatTheOperatorMustPutRight(t *testing.T) {
	refused := func(status int, code, message string) func(*fake) {
		return func(f *fake) {
			f.breakWith(func(string, int) fault { return fault{status: status, code: code, message: message} })
		}
	}
	for name, c := range map[string]struct {
		spoil func(f *fake)
		cause string // is told wherever the answer has a body
	}{
		"no bucket":     {func(f *fake) { f.bucket = "other" }, "NoSuchBucket"},
		"access denied": {refused(403, "AccessDenied", "User: arn:aws:iam::1:role/x is not\n\tauthorized to perform: s3:x"), "AccessDenied"},
		"other region":  {refused(301, "PermanentRedirect", "The bucket must be addressed using the specified endpoint."), "PermanentRedirect"},
		"other region, signed": {
			refused(400, "AuthorizationHeaderMalformed", "the region 'eu-west-1' is wrong; expecting 'eu-north-1'"), "expecting 'eu-north-1'",
		},
		"expired token": {refused(400, "ExpiredToken", "The provided token has expired."), "ExpiredToken"},
		"down":          {func(f *fake) { f.Close() }, "connection refused"},
		"no answer":     {func(f *fake) { f.breakWith(func(string, int) fault { return fault{cut: true} }) }, "EOF"},
		"500":           {refused(500, "InternalError", "We encountered an internal error."), "InternalError"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			c.spoil(f)
			for call, err := range everyCall(t.Context(), f.store()) {
				if status, told := problem.Status(err); status != http.StatusServiceUnavailable || strings.Contains(told, "S3") {
					t.Errorf("%s: a %d, and callers are told %q: %v", call, status, told, err)
					continue
				}
				text := err.Error()
				withoutBody := call == "stat" || call == "open nothing" || call == "copy"
				if !strings.Contains(text, c.cause) && !withoutBody {
					t.Errorf("%s: the cause is not told: %s", call, text)
				}
				if strings.ContainsAny(text, "\n\t?") || strings.Contains(text, "http") || strings.Contains(text, "AKIA") {
					t.Errorf("%s: more is told than one line's cause: %q", call, text)
				}
			}
		})
	}
}

func TestNoCredentials(t *testing.T) {
	cfg := newFake(t).config()
	cfg.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{}, errors.New("no role\nwas found")
	})
	s := Open(cfg, bucketName)
	calls := everyCall(t.Context(), s)
	_, calls["presign"] = s.Presign(t.Context(), "a", "id1", time.Minute)
	for call, err := range calls {
		if status, _ := problem.Status(err); status != http.StatusServiceUnavailable || !strings.Contains(err.Error(), "no role was found") {
			t.Errorf("%s: a %d, %v", call, status, err)
		}
	}
}

// Who ends a context is told so, at once, and nothing of his is left.
func TestContextsThatEnd(t *testing.T) {
	for _, op := range []string{"PutObject", "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"} {
		t.Run(op, func(t *testing.T) {
			f := newFake(t)
			s := f.store()
			ctx, cancel := context.WithCancelCause(t.Context())
			gone := errors.New("the lease is lost")
			f.breakWith(func(got string, _ int) fault {
				if got != op {
					return fault{}
				}
				cancel(gone)
				return fault{hang: true}
			})
			data := large
			if op == "PutObject" {
				data = small
			}
			_, w, err := put(ctx, s, "a", data)
			if made := op == "PutObject" || op == "CompleteMultipartUpload"; made {
				f.wantUnknown(err)
			} else if !errors.Is(err, gone) {
				t.Errorf("error %v, want %v", err, gone)
			}
			if n, err := w.Write([]byte("more")); n != 0 || err == nil {
				t.Errorf("%d bytes were taken, %v", n, err)
			}
			f.breakWith(nil)
			if err := w.Abort(t.Context()); err != nil {
				t.Error(err)
			}
			f.wantNothing()
		})
	}
}
