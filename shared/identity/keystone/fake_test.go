package keystone

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gander-images/gander/shared/identity"
)

// A fake is a Keystone that a test holds in its hands. Its answers to questions
// are those of answer, by the subject; it logs the user gander in.
type fake struct {
	mu       sync.Mutex
	password string
	life     time.Duration // of the tokens that logins give
	logins   int
	own      string // the one token that may ask; empty: tokens ask about themselves
	asked    []*http.Request
	answer   func(w http.ResponseWriter, r *http.Request)
	atLogin  func(w http.ResponseWriter) bool // answers in its place
	now      func() time.Time
}

// A world is a Validator before a fake.
type world struct {
	*fake
	*Validator
	t    *testing.T
	time time.Time
	log  *strings.Builder
}

const start = 1_800_000_000

func newWorld(t *testing.T, login bool) *world {
	w := &world{t: t, time: time.Unix(start, 0).UTC(), log: &strings.Builder{}}
	w.fake = &fake{password: "first", life: time.Hour, now: func() time.Time { return w.time }}
	w.answer = func(out http.ResponseWriter, _ *http.Request) { fmt.Fprint(out, body(`"project":`+project)) }
	o := Options{
		URL: "https://keystone.test/identity/v3/", Transport: w.fake,
		Log: slog.New(slog.NewTextHandler(w.log, nil)), Now: func() time.Time { return w.time },
	}
	if login {
		o.Login = &Login{
			Username: "gander", UserDomain: "Default", Project: "service", ProjectDomain: "Default",
			Password: func() (string, error) { return w.password, nil },
		}
		w.fake.own = "none yet"
	}
	w.Validator = New(o)
	return w
}

// RoundTrip implements http.RoundTripper.
func (f *fake) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	switch r.Method + " " + r.URL.Path {
	case "POST /identity/v3/auth/tokens":
		f.logIn(w, r)
	case "GET /identity/v3/auth/tokens":
		f.show(w, r)
	default:
		w.WriteHeader(http.StatusTeapot)
	}
	return w.Result(), nil
}

func (f *fake) logIn(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.logins++
	var sent struct {
		Auth struct {
			Identity struct {
				Methods  []string
				Password struct {
					User struct {
						Name, Password string
						Domain         struct{ Name string }
					}
				}
			}
			Scope struct {
				Project struct {
					Name   string
					Domain struct{ Name string }
				}
			}
		}
	}
	user, scope := &sent.Auth.Identity.Password.User, &sent.Auth.Scope.Project
	switch err := json.NewDecoder(r.Body).Decode(&sent); {
	case f.atLogin != nil && f.atLogin(w):
	case err != nil, len(sent.Auth.Identity.Methods) != 1, user.Name != "gander", user.Domain.Name != "Default",
		scope.Name != "service", scope.Domain.Name != "Default", !r.URL.Query().Has("nocatalog"):
		w.WriteHeader(http.StatusBadRequest)
	case user.Password != f.password:
		w.WriteHeader(http.StatusUnauthorized)
	default:
		f.own = fmt.Sprint("own-", f.logins)
		w.Header().Set("X-Subject-Token", f.own)
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, `{"token":{"user":{"id":"g","domain":{"id":"default"}},"expires_at":%q}}`,
			f.now().Add(f.life).Format("2006-01-02T15:04:05.000000Z"))
	}
}

func (f *fake) show(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	f.asked = append(f.asked, r)
	asker, own, answer := r.Header.Get("X-Auth-Token"), f.own, f.answer
	f.mu.Unlock()
	if own != "" && asker != own {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	answer(w, r)
}

const project = `{"id":"p1","domain":{"id":"default"}}`

// body is Keystone's answer about a token, good until an hour after the start,
// with more fields.
func body(fields string) string {
	return `{"token":{"user":{"id":"u1","name":"mia","domain":{"id":"default","name":"Default"}},` +
		`"expires_at":"2027-01-15T09:00:00.000000Z","issued_at":"2027-01-15T08:00:00.000000Z","audit_ids":["a"],"methods":["password"]` +
		comma(fields) + fields + `}}`
}

func comma(fields string) string {
	if fields == "" {
		return ""
	}
	return ","
}

// notFound is how Keystone answers about a token that it does not know.
func notFound(w http.ResponseWriter) {
	w.WriteHeader(http.StatusNotFound)
	fmt.Fprint(w, `{"error":{"code":404,"message":"Could not find token: ","title":"Not Found"}}`)
}

func (w *world) ask(token, voucher string) (identity.Verdict, error) {
	return w.Validate(w.t.Context(), token, identity.Ask{Voucher: voucher})
}

func (w *world) wantAsked(times, logins int) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.asked) != times || w.logins != logins {
		w.t.Errorf("asked %d times with %d logins, not %d with %d", len(w.asked), w.logins, times, logins)
	}
}
