package identity

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/problem"
)

// vouching is a world whose issuer takes the token "old", which expired an hour
// ago, from "service" and "service2" alone. The token "user2" is no service's.
func vouching(t *testing.T) (*world, func(token, service string) error) {
	w := newWorld(Options{})
	w.judge = func(token string, ask Ask) (Verdict, error) {
		switch {
		case token == "old" && ask.Voucher == "":
			return Verdict{}, unauthorized()
		case token == "old":
			return Verdict{Caller: caller.Caller{UserID: token, ExpiresAt: w.now.Add(-time.Hour)}}, nil
		case token == "service2":
			token = "service"
		}
		who, err := w.validate(t.Context(), token)
		return Verdict{Caller: who}, err
	}
	return w, func(token, service string) error {
		_, err := w.front.Authenticate(t.Context(), Credentials{Token: token, ServiceToken: service})
		return err
	}
}

// TestExpiredTokens holds that one is good when a service vouches for the
// request, remembered or not, and never without.
func TestExpiredTokens(t *testing.T) {
	w, try := vouching(t)
	for i, step := range []struct {
		service string
		good    bool
		asked   int64
	}{
		{"", false, 1},
		{"nobody", false, 3},
		{"user2", false, 5},
		{"service", true, 7},  // the service's and the user's
		{"service", true, 7},  // both remembered
		{"", false, 7},        // remembered, and good for nothing
		{"user2", false, 7},   // likewise
		{"nobody", false, 8},  // likewise
		{"service2", true, 9}, // another service, the user's remembered
	} {
		if err := try("old", step.service); (err == nil) != step.good || err != nil && !problem.Is(err, problem.Unauthorized) {
			t.Errorf("step %d, service token %q: %v", i, step.service, err)
		}
		w.wantAsked(t, step.asked)
	}
	w.now = w.now.Add(300 * time.Second)
	if err := try("old", "service"); err != nil {
		t.Error(err)
	}
	w.wantAsked(t, 11)
}

// TestExpiredVouchers holds that an expired service token vouches for nothing,
// whatever the issuer says of it.
func TestExpiredVouchers(t *testing.T) {
	w, try := vouching(t)
	if err := try("user", "old"); err != nil {
		t.Error(err)
	}
	if err := try("old", "old"); !problem.Is(err, problem.Unauthorized) {
		t.Errorf("an expired token vouched for itself: %v", err)
	}
	if err := try("user", "service"); err != nil {
		t.Error(err)
	}
	w.now = w.now.Add(time.Hour)
	if err := try("old", "service"); !problem.Is(err, problem.Unauthorized) {
		t.Errorf("a service token that expired while remembered: %v", err)
	}
}

// TestExpiredAnswers holds that an issuer which calls an expired token good,
// without a voucher, is not believed, nor remembered.
func TestExpiredAnswers(t *testing.T) {
	w, try := vouching(t)
	known := w.judge
	w.judge = func(token string, ask Ask) (Verdict, error) {
		if token == "old" {
			ask.Voucher = "whoever"
		}
		return known(token, ask)
	}
	for asked := range int64(2) {
		if err := try("old", ""); !problem.Is(err, problem.Unauthorized) {
			t.Errorf("%v", err)
		}
		w.wantAsked(t, asked+1)
	}
}

// TestTokenThatExpiresWhileRemembered is asked for anew by the service that
// vouches.
func TestTokenThatExpiresWhileRemembered(t *testing.T) {
	w, try := vouching(t)
	expires := w.now.Add(time.Minute)
	known := w.judge
	w.judge = func(token string, ask Ask) (Verdict, error) {
		if token != "user" || !w.now.Before(expires) && ask.Voucher == "" {
			return known(token, ask)
		}
		return Verdict{Caller: caller.Caller{UserID: "user", ExpiresAt: expires}}, nil
	}
	for _, step := range []struct {
		after time.Duration
		asked int64
	}{{0, 2}, {59 * time.Second, 2}, {time.Minute, 3}, {2 * time.Minute, 3}} {
		w.now = expires.Add(step.after - time.Minute)
		if err := try("user", "service"); err != nil {
			t.Errorf("after %s: %v", step.after, err)
		}
		w.wantAsked(t, step.asked)
	}
}

// TestUnknownVoucher holds that the request waits for better times when nobody
// can tell whether a service vouches for it: as the user's alone it might be
// refused for good.
func TestUnknownVoucher(t *testing.T) {
	w, try := vouching(t)
	known := w.judge
	w.judge = func(token string, ask Ask) (Verdict, error) {
		if token == "service" {
			return Verdict{}, errors.New("dial")
		}
		return known(token, ask)
	}
	if err := try("user", "service"); !problem.Is(err, problem.Unavailable) {
		t.Errorf("%v", err)
	}
}

// TestFlightsApart holds that a request which a service vouches for does not
// wait for the answer to one without.
func TestFlightsApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, try := vouching(t)
		if err := try("user", "service"); err != nil {
			t.Fatal(err)
		}
		known, gate := w.judge, make(chan struct{})
		w.judge = func(token string, ask Ask) (Verdict, error) {
			<-gate
			return known(token, ask)
		}
		alone, vouched := make(chan error, 1), make(chan error, 1)
		go func() { alone <- try("old", "") }()
		synctest.Wait()
		go func() { vouched <- try("old", "service") }()
		synctest.Wait()
		close(gate)
		if err := <-alone; !problem.Is(err, problem.Unauthorized) {
			t.Errorf("alone: %v", err)
		}
		if err := <-vouched; err != nil {
			t.Errorf("vouched for: %v", err)
		}
	})
}
