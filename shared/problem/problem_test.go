package problem

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
)

// TestStatus holds that only what New and Because were given for the caller
// reaches the caller, through any wrapping.
func TestStatus(t *testing.T) {
	secret := errors.New("password=hunter2")
	for _, c := range []struct {
		name    string
		err     error
		status  int
		message string
	}{
		{"foreign", secret, 500, ""},
		{"foreign, wrapped", fmt.Errorf("reading: %w", secret), 500, ""},
		{"ours", New(NotFound, "No image %q", "x"), 404, `No image "x"`},
		{"ours, wrapped", fmt.Errorf("reading: %w", New(TooLarge, "full")), 413, "full"},
		{"with a cause", Because(secret, Unavailable, "later"), 503, "later"},
		{"internal by name", New(Internal, "nobody reads this"), 500, ""},
		{"over an internal one", Because(New(Internal, "x"), Conflict, "again"), 409, "again"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if status, message := Status(c.err); status != c.status || message != c.message {
				t.Errorf("%d %q, not %d %q", status, message, c.status, c.message)
			}
		})
	}
	if !errors.Is(Because(secret, Unavailable, "later"), secret) {
		t.Error("a cause is lost to the log")
	}
	if Is(nil, Internal) {
		t.Error("no error is a failure")
	}
}

// TestEveryCodeHasAStatus walks the closed set.
func TestEveryCodeHasAStatus(t *testing.T) {
	for code := Internal; code <= Unavailable; code++ {
		if http.StatusText(statuses[code]) == "" || statuses[code] < 400 {
			t.Errorf("code %d has status %d", code, statuses[code])
		}
	}
	if len(statuses) != int(Unavailable)+1 {
		t.Errorf("%d statuses for %d codes", len(statuses), Unavailable+1)
	}
}
