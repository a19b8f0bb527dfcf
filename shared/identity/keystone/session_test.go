package keystone

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gander-images/gander/shared/problem"
)

// TestOneLogin has many requests wait for one login, also when the token that
// they all hold turns out to be bad.
func TestOneLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, true)
		gate := make(chan struct{})
		many := func(logins int) {
			var all sync.WaitGroup
			for i := range 50 {
				all.Go(func() {
					if _, err := w.ask(fmt.Sprint("user-token", i), ""); err != nil {
						t.Error(err)
					}
				})
			}
			synctest.Wait()
			close(gate)
			all.Wait()
			if w.logins != logins {
				t.Errorf("%d logins, not %d", w.logins, logins)
			}
		}
		w.atLogin = func(http.ResponseWriter) bool { w.mu.Unlock(); <-gate; w.mu.Lock(); return false }
		many(1)
		gate = make(chan struct{})
		w.fake.own = "another"
		many(2)
	})
}

// TestRenewal logs in anew before the token ends, with the password of that
// moment.
func TestRenewal(t *testing.T) {
	w := newWorld(t, true)
	for _, step := range []struct {
		after  time.Duration
		logins int
	}{{0, 1}, {time.Hour - margin - 1, 1}, {time.Hour - margin, 2}, {time.Hour, 2}} {
		w.time = time.Unix(start, 0).Add(step.after)
		if step.logins == 2 {
			w.password = "second"
		}
		if _, err := w.ask("user-token", ""); err != nil {
			t.Fatal(err)
		}
		if w.logins != step.logins {
			t.Errorf("after %s: %d logins, not %d", step.after, w.logins, step.logins)
		}
	}
}

// TestShortLives renews a token of a few seconds, and not with each question.
func TestShortLives(t *testing.T) {
	w := newWorld(t, true)
	w.life = 10 * time.Second
	for range 3 {
		if _, err := w.ask("user-token", ""); err != nil {
			t.Fatal(err)
		}
	}
	w.wantAsked(3, 1)
}

// TestOwnTokenIsBad renews it once for a question, keeping what was asked, and
// gives up when that does not help.
func TestOwnTokenIsBad(t *testing.T) {
	w := newWorld(t, true)
	if _, err := w.ask("user-token", ""); err != nil {
		t.Fatal(err)
	}
	w.fake.own = "another"
	if _, err := w.ask("user-token", "voucher"); err != nil {
		t.Fatal(err)
	}
	w.wantAsked(3, 2)
	if again := w.asked[2].URL.RawQuery; again != "allow_expired=1&nocatalog=1" {
		t.Errorf("the second time it asked for %s", again)
	}
	// Who was told late that the token before was bad has the new one, and no third.
	if token, err := w.Validator.own.token(t.Context(), "the one before"); err != nil || token == "" {
		t.Error(err)
	}
	w.wantAsked(3, 2)
	w.answer = func(out http.ResponseWriter, _ *http.Request) { out.WriteHeader(http.StatusUnauthorized) }
	_, err := w.ask("user-token", "")
	if err == nil || problem.CodeOf(err) != problem.Internal {
		t.Errorf("%v", err)
	}
	w.wantAsked(5, 3)
	w.wantNoSecrets(err)
}

// TestLoginFails never makes it the caller's fault, and does not try a refused
// password with each request.
func TestLoginFails(t *testing.T) {
	status := func(code int) func(http.ResponseWriter) bool {
		return func(w http.ResponseWriter) bool { w.WriteHeader(code); return true }
	}
	for name, c := range map[string]struct {
		atLogin  func(http.ResponseWriter) bool
		password string
		refused  bool
	}{
		"wrong password": {nil, "other", true},
		"forbidden":      {status(403), "first", true},
		"down":           {status(503), "first", false},
		"not found":      {status(404), "first", false},
		"redirect":       {status(302), "first", false},
		"no token": {func(w http.ResponseWriter) bool {
			w.WriteHeader(201)
			fmt.Fprint(w, body(""))
			return true
		}, "first", false},
		"no body": {func(w http.ResponseWriter) bool {
			w.Header().Set("X-Subject-Token", "own-x")
			w.WriteHeader(201)
			return true
		}, "first", false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, true)
			w.atLogin = c.atLogin
			w.Validator.own.login.Password = func() (string, error) { return c.password, nil }
			for range 2 {
				_, err := w.ask("user-token", "")
				if err == nil || problem.CodeOf(err) != problem.Internal {
					t.Errorf("%v", err)
				}
				w.wantNoSecrets(err)
			}
			w.wantAsked(0, map[bool]int{true: 1, false: 2}[c.refused])
			if alarmed := strings.Count(w.log.String(), "level=ERROR"); (alarmed == 1) != c.refused || alarmed > 1 {
				t.Errorf("%d alarms: %s", alarmed, w.log)
			}
			w.atLogin, c.password, w.time = nil, "first", w.time.Add(pause)
			if _, err := w.ask("user-token", ""); err != nil {
				t.Errorf("when all is well again: %v", err)
			}
		})
	}
}

// TestPasswordCannotBeRead asks nothing, and says which file it is.
func TestPasswordCannotBeRead(t *testing.T) {
	w := newWorld(t, true)
	w.Validator.own.login.Password = func() (string, error) {
		return "", &os.PathError{Op: "open", Path: "/run/password", Err: errors.New("gone")}
	}
	_, err := w.ask("user-token", "")
	if err == nil || problem.CodeOf(err) != problem.Internal || !strings.Contains(err.Error(), "/run/password") {
		t.Errorf("%v", err)
	}
	w.wantAsked(0, 0)
}
