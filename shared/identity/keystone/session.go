package keystone

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// A Login is the user in whose name tokens are asked about. Keystone lets those
// with the role service, and administrators.
type Login struct {
	Username      string
	UserDomain    string // its name
	Project       string
	ProjectDomain string // its name

	// Password is asked at each login, so that it can be changed while the
	// service runs.
	Password func() (string, error)
}

const (
	// margin is how long before its end the service's own token is renewed;
	// half its life when that is less.
	//
	// Source: keystoneauth1/access/access.py, STALE_TOKEN_DURATION.
	margin = 30 * time.Second

	// pause keeps a refused login from being tried with every request: Keystone
	// may lock a user that fails too often.
	pause = 5 * time.Second
)

// A session holds the service's own token.
type session struct {
	client client
	login  Login
	now    func() time.Time
	log    *slog.Logger

	flights singleflight.Group

	mu      sync.Mutex
	held    string
	until   time.Time // when it is to be renewed
	refused error     // of the last login, if Keystone refused it
	again   time.Time // when that may be tried anew
}

// token returns one that is not bad, the token that Keystone no longer takes.
// All who wait for a new one wait for the same.
func (s *session) token(ctx context.Context, bad string) (string, error) {
	if token := s.current(bad); token != "" {
		return token, nil
	}
	answers := s.flights.DoChan("", func() (any, error) {
		if token := s.current(bad); token != "" { // somebody was quicker
			return token, nil
		}
		shared, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*patience)
		defer cancel()
		return s.renew(shared)
	})
	select {
	case <-ctx.Done():
		return "", fmt.Errorf("waiting for the service's own token: %w", ctx.Err())
	case a := <-answers:
		if a.Err != nil {
			return "", a.Err
		}
		return a.Val.(string), nil
	}
}

// current is the token that is held, if it is still good.
func (s *session) current(bad string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if bad != "" && s.held == bad {
		s.held = ""
	}
	if !s.now().Before(s.until) {
		s.held = ""
	}
	return s.held
}

var errLogin = errors.New("Keystone refuses the service's own login")

// renew logs in.
func (s *session) renew(ctx context.Context) (string, error) {
	s.mu.Lock()
	refused := s.refused
	if !s.now().Before(s.again) {
		refused = nil
	}
	s.mu.Unlock()
	if refused != nil {
		return "", refused
	}
	token, expires, err := s.enter(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	if errors.Is(err, errLogin) {
		s.log.ErrorContext(ctx, "tokens cannot be checked: GANDER_KEYSTONE_USERNAME and its sisters do not log in", "error", err)
		s.refused, s.again = err, s.now().Add(pause)
	}
	if err != nil {
		return "", err
	}
	left := expires.Sub(s.now())
	s.held, s.until = token, expires.Add(-min(margin, left/2))
	return token, nil
}

// enter asks for a token by password.
//
// Source: keystone/auth/plugins/password.py; Identity API v3, "Password
// authentication with scoped authorization".
func (s *session) enter(ctx context.Context) (token string, expires time.Time, err error) {
	password, err := s.login.Password()
	if err != nil {
		return "", time.Time{}, fmt.Errorf("the password of the service's own login: %w", err)
	}
	body, err := json.Marshal(s.login.request(password))
	if err != nil {
		return "", time.Time{}, errors.New("the service's own login cannot be written as JSON")
	}
	a, err := s.client.send(ctx, http.MethodPost, "/auth/tokens?nocatalog", body, http.Header{})
	if err != nil {
		return "", time.Time{}, err
	}
	switch {
	case a.status == http.StatusUnauthorized, a.status == http.StatusForbidden, a.status == http.StatusBadRequest:
		return "", time.Time{}, fmt.Errorf("%w: it answers %d", errLogin, a.status)
	case a.status != http.StatusCreated:
		return "", time.Time{}, fmt.Errorf("Keystone answers %d to the service's own login", a.status)
	}
	shown, err := readShown(a.body)
	if token = a.header.Get("X-Subject-Token"); err == nil && !sane(token) {
		err = fmt.Errorf("%w: there is none", errAnswer)
	}
	return token, shown.ExpiresAt, err
}

// request is the body of a login.
func (l Login) request(password string) any {
	type object map[string]any
	named := func(name, domain string) object {
		return object{"name": name, "domain": object{"name": domain}}
	}
	user := named(l.Username, l.UserDomain)
	user["password"] = password
	return object{"auth": object{
		"identity": object{"methods": []string{"password"}, "password": object{"user": user}},
		"scope":    object{"project": named(l.Project, l.ProjectDomain)},
	}}
}
