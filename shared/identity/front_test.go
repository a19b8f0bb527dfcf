package identity

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gander-images/gander/shared/caller"
	"github.com/gander-images/gander/shared/problem"
)

// Front has the shape that the operations expect.
var _ interface {
	Authenticate(ctx context.Context, shown Credentials) (caller.Caller, error)
} = (*Front)(nil)

// A source is a Validator that counts what it is asked.
type source struct {
	asked    atomic.Int64
	version  atomic.Uint64
	validate func(ctx context.Context, token string) (caller.Caller, error)

	// judge answers instead of validate when it is set.
	judge func(token string, ask Ask) (Verdict, error)
}

func (s *source) Validate(ctx context.Context, token string, ask Ask) (Verdict, error) {
	s.asked.Add(1)
	if s.judge != nil {
		return s.judge(token, ask)
	}
	who, err := s.validate(ctx, token)
	return Verdict{Caller: who}, err
}

func (s *source) Version() uint64 { return s.version.Load() }

func (s *source) wantAsked(t *testing.T, times int64) {
	t.Helper()
	if asked := s.asked.Load(); asked != times {
		t.Fatalf("the validator was asked %d times, not %d", asked, times)
	}
}

// a world is a Front before a source, with a clock of its own.
type world struct {
	*source
	front *Front
	now   time.Time
}

// newWorld knows the tokens user and service, good for an hour, and no other.
func newWorld(options Options) *world {
	w := &world{source: &source{}, now: time.Unix(1_800_000_000, 0)}
	expires := w.now.Add(time.Hour)
	w.validate = func(_ context.Context, token string) (caller.Caller, error) {
		switch {
		case strings.HasPrefix(token, "user"):
			return caller.Caller{UserID: token, ProjectID: "p", Roles: []string{"Member", "reader"}, ExpiresAt: expires}, nil
		case token == "service":
			return caller.Caller{UserID: "nova", ProjectID: "s", Roles: []string{"service", "Admin"}, ExpiresAt: expires}, nil
		}
		return caller.Caller{}, problem.New(problem.Unauthorized, "no")
	}
	options.Now = func() time.Time { return w.now }
	w.front = New(w.source, options)
	return w
}

func (w *world) want(t *testing.T, token string) caller.Caller {
	t.Helper()
	who, err := w.front.Authenticate(t.Context(), Credentials{Token: token})
	if err != nil {
		t.Fatalf("token %s: %v", token, err)
	}
	return who
}

// TestOneFlight has a hundred requests wait for one validation.
func TestOneFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, gate := newWorld(Options{}), make(chan struct{})
		answer := w.validate
		w.validate = func(ctx context.Context, token string) (caller.Caller, error) {
			<-gate
			return answer(ctx, token)
		}
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				if who, err := w.front.Authenticate(t.Context(), Credentials{Token: "user"}); err != nil || who.UserID != "user" {
					t.Errorf("%v %v", who, err)
				}
			})
		}
		synctest.Wait() // all of them wait now
		close(gate)
		all.Wait()
		w.wantAsked(t, 1)
	})
}

// TestImpatientCallersHarmNoOther lets the request that began a validation go
// away while another waits for the same.
func TestImpatientCallersHarmNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, gate := newWorld(Options{}), make(chan struct{})
		answer := w.validate
		w.validate = func(ctx context.Context, token string) (caller.Caller, error) {
			<-gate
			if err := ctx.Err(); err != nil {
				return caller.Caller{}, err
			}
			return answer(ctx, token)
		}
		leaving, leave := context.WithCancel(t.Context())
		first, second := make(chan error, 1), make(chan error, 1)
		go func() {
			_, err := w.front.Authenticate(leaving, Credentials{Token: "user"})
			first <- err
		}()
		synctest.Wait()
		go func() {
			_, err := w.front.Authenticate(t.Context(), Credentials{Token: "user"})
			second <- err
		}()
		synctest.Wait()
		leave()
		if err := <-first; !problem.Is(err, problem.Unavailable) || !errors.Is(err, context.Canceled) {
			t.Errorf("the one who left: %v", err)
		}
		close(gate)
		if err := <-second; err != nil {
			t.Errorf("the one who stayed: %v", err)
		}
		w.wantAsked(t, 1)
	})
}

// TestTimeout ends a validation that hangs.
func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(Options{Timeout: time.Second})
		w.validate = func(ctx context.Context, _ string) (caller.Caller, error) {
			<-ctx.Done()
			return caller.Caller{}, ctx.Err()
		}
		if _, err := w.front.Authenticate(t.Context(), Credentials{Token: "user"}); !problem.Is(err, problem.Unavailable) {
			t.Errorf("%v", err)
		}
	})
}

// TestLife holds that an answer is remembered for 300 s, never beyond the
// token's own end, and that the end itself is too late.
func TestLife(t *testing.T) {
	w := newWorld(Options{})
	start := w.now
	for _, step := range []struct {
		after time.Duration
		asked int64
	}{{0, 1}, {299 * time.Second, 1}, {300 * time.Second, 2}, {59 * time.Minute, 3}, {time.Hour - 1, 3}} {
		w.now = start.Add(step.after)
		w.want(t, "user")
		w.wantAsked(t, step.asked)
	}
	w.now = start.Add(time.Hour)
	if _, err := w.front.Authenticate(t.Context(), Credentials{Token: "user"}); !problem.Is(err, problem.Unauthorized) {
		t.Errorf("an expired token: %v", err)
	}
}

// TestVersion holds that a validator can take back what it said.
func TestVersion(t *testing.T) {
	w := newWorld(Options{})
	w.want(t, "user")
	w.validate = func(context.Context, string) (caller.Caller, error) {
		return caller.Caller{}, problem.New(problem.Unauthorized, "revoked")
	}
	w.want(t, "user")
	w.version.Add(1)
	if _, err := w.front.Authenticate(t.Context(), Credentials{Token: "user"}); !problem.Is(err, problem.Unauthorized) {
		t.Errorf("a revoked token: %v", err)
	}
}

// TestBounded fills the cache: the token used longest ago goes.
func TestBounded(t *testing.T) {
	w := newWorld(Options{Size: 3})
	for _, token := range []string{"user1", "user2", "user3", "user1", "user4"} {
		w.want(t, token)
	}
	w.wantAsked(t, 4)
	for i := range 1000 {
		w.want(t, fmt.Sprint("user-", i))
		if i == 0 { // user2 and now user3 went
			w.want(t, "user1")
			w.wantAsked(t, 5)
		}
	}
	if held, indexed := w.front.cache.recent.Len(), len(w.front.cache.byKey); held != 3 || indexed != 3 {
		t.Errorf("%d remembered, %d indexed, not 3", held, indexed)
	}
}

// TestRefusalsAreNotRemembered asks twice for what was refused.
func TestRefusalsAreNotRemembered(t *testing.T) {
	w := newWorld(Options{})
	for range 2 {
		if _, err := w.front.Authenticate(t.Context(), Credentials{Token: "nobody"}); !problem.Is(err, problem.Unauthorized) {
			t.Errorf("%v", err)
		}
	}
	w.wantAsked(t, 2)
	if _, err := w.front.Authenticate(t.Context(), Credentials{Token: "  "}); !problem.Is(err, problem.Unauthorized) {
		t.Errorf("a blank token: %v", err)
	}
	w.wantAsked(t, 2)
}

// TestServiceToken holds that a good one adds its roles apart, and that any
// other changes nothing.
func TestServiceToken(t *testing.T) {
	for service, want := range map[string][]string{
		"":         nil,
		"nobody":   nil,
		"user2":    nil, // valid, without a service role
		"service":  {"service", "Admin"},
		" service": {"service", "Admin"},
	} {
		w := newWorld(Options{})
		who, err := w.front.Authenticate(t.Context(), Credentials{Token: "user", ServiceToken: service})
		if err != nil {
			t.Fatalf("service token %q: %v", service, err)
		}
		if !slices.Equal(who.Roles, []string{"member", "reader"}) || who.UserID != "user" {
			t.Errorf("service token %q made the user %+v", service, who)
		}
		if !slices.Equal(who.Service.Roles, want) || (who.Service.UserID == "nova") != (want != nil) {
			t.Errorf("service token %q made the service %+v", service, who.Service)
		}
	}
	w := newWorld(Options{})
	if _, err := w.front.Authenticate(t.Context(), Credentials{Token: "nobody", ServiceToken: "service"}); !problem.Is(err, problem.Unauthorized) {
		t.Errorf("a service token stood in for the user's: %v", err)
	}
}

// TestAnswersAreTheCallers holds that changing an answer changes no other.
func TestAnswersAreTheCallers(t *testing.T) {
	w := newWorld(Options{})
	w.want(t, "user").Roles[0] = "admin"
	if who := w.want(t, "user"); who.Roles[0] != "member" {
		t.Errorf("roles %v", who.Roles)
	}
}

// TestNobodyCouldTell makes every other fault a 503 that tells nothing.
func TestNobodyCouldTell(t *testing.T) {
	for name, validate := range map[string]func(context.Context, string) (caller.Caller, error){
		"error": func(_ context.Context, token string) (caller.Caller, error) {
			return caller.Caller{}, errors.New("dial")
		},
		"panic": func(_ context.Context, token string) (caller.Caller, error) { panic("with " + token) },
		"runtime error": func(_ context.Context, token string) (caller.Caller, error) {
			var none []string
			return caller.Caller{UserID: none[len(token)]}, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(Options{})
			w.validate = validate
			_, err := w.front.Authenticate(t.Context(), Credentials{Token: "user-secret"})
			if !problem.Is(err, problem.Unavailable) || strings.Contains(err.Error(), "secret") {
				t.Errorf("%v", err)
			}
			w.wantRecovered(t)
		})
	}
}

// wantRecovered holds that nothing stands in the way of the next validation.
func (w *world) wantRecovered(t *testing.T) {
	t.Helper()
	fresh := newWorld(Options{})
	w.validate = fresh.validate
	w.want(t, "user-secret")
}

func BenchmarkRemembered(b *testing.B) {
	w := newWorld(Options{})
	token := strings.Repeat("user", 150)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.front.Authenticate(b.Context(), Credentials{Token: token}); err != nil {
			b.Fatal(err)
		}
	}
}
