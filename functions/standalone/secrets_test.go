//go:build !cloud

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestP13NothingSecretIsLoggedOrTold walks a session with every kind of failure
// at the most talkative level, and looks for secrets in all that was written.
func TestP13NothingSecretIsLoggedOrTold(t *testing.T) {
	s := start(t, "GANDER_LOG_LEVEL=debug")
	w := &secretsWalk{t: t, service: s, member: s.as("gander")}
	payload := strings.Repeat("payload-of-the-image ", 4<<10)
	w.secrets = []string{"payload-of-the-image", "wrong-password-9b1f", "wrong-token-77aa"}
	for name, c := range s.clouds() {
		w.secrets = append(w.secrets, c.Auth.Password, s.as(name).token)
	}

	id := w.member.create("secret")
	w.call("PUT /v2/images/"+id+"/file", strings.NewReader(payload), http.StatusNoContent)
	w.call("GET /v2/images/"+id+"/file", nil, http.StatusOK)
	w.call("GET /v2/images/"+id, nil, http.StatusOK)
	w.call("GET /v2/images", nil, http.StatusOK)
	w.call("PUT /v2/images/"+id+"/file", strings.NewReader(payload), http.StatusConflict)
	w.call("POST /v2/images", strings.NewReader(payload), http.StatusBadRequest)
	w.call("DELETE /v2/images/"+id, strings.NewReader(payload), http.StatusBadRequest)
	w.call("GET /v2/images/no-such-image", nil, http.StatusNotFound)
	w.call("FROB /v2/images", nil, http.StatusMethodNotAllowed)
	w.call("GET /v2/images/"+id+"/file", nil, http.StatusRequestedRangeNotSatisfiable, "Range: bytes=9999999-")
	w.call("GET /v2/images", nil, http.StatusUnauthorized, "X-Auth-Token: wrong-token-77aa")
	w.call("GET /v2/images", nil, http.StatusOK, "X-Service-Token: wrong-token-77aa")
	w.call("GET /v2/images?token=wrong-token-77aa&limit=x", nil, http.StatusBadRequest)
	login := `{"auth": {"identity": {"methods": ["password"], "password": {"user":
		{"name": "demo", "domain": {"id": "default"}, "password": "wrong-password-9b1f"}}}}}`
	w.call("POST /identity/v3/auth/tokens", strings.NewReader(login), http.StatusUnauthorized)
	w.call("POST /identity/v3/auth/tokens", strings.NewReader(login[:len(login)-2]), http.StatusBadRequest)
	w.breakData()
	broken := w.call("GET /v2/images/"+id+"/file", nil, http.StatusInternalServerError, "Accept: application/json")
	if err := s.stop(); err != nil { // then all of the log is there
		t.Fatal(err)
	}
	w.wantOnlyAnID(broken)
	w.wantNothingIn("the log", s.logged.String())
}

type secretsWalk struct {
	t       *testing.T
	service *service
	member  *user
	secrets []string
}

// call holds the answer to its status, to never being cached, and, where it is
// an error, to telling no secret.
func (w *secretsWalk) call(line string, body io.Reader, status int, headers ...string) *answer {
	w.t.Helper()
	a := w.member.call(line, body, headers...).want(status)
	if got := a.header.Get("Cache-Control"); got != "no-store" {
		w.t.Errorf("%s is answered %d with Cache-Control %q", line, status, got)
	}
	if status >= 400 {
		w.wantNothingIn("the answer to "+line, string(a.body)+fmt.Sprint(a.header))
	}
	return a
}

func (w *secretsWalk) wantNothingIn(where, text string) {
	w.t.Helper()
	for _, secret := range w.secrets {
		if secret == "" {
			w.t.Fatal("a secret is empty")
		}
		if i := strings.Index(text, secret); i >= 0 {
			w.t.Errorf("%s tells %q: %q", where, secret, text[max(0, i-200):i+len(secret)])
		}
	}
}

// breakData takes the image's bytes away behind the service's back.
func (w *secretsWalk) breakData() {
	w.t.Helper()
	removed := 0
	err := filepath.WalkDir(w.service.data, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && strings.Contains(path, "/images/") {
			removed++
			return os.Remove(path)
		}
		return err
	})
	if err != nil || removed == 0 {
		w.t.Fatalf("%d data files were removed: %v", removed, err)
	}
}

// wantOnlyAnID holds a 5xx to a request id that the log knows, and no other word.
func (w *secretsWalk) wantOnlyAnID(a *answer) {
	w.t.Helper()
	id := a.header.Get("X-Openstack-Request-Id")
	if id == "" {
		w.t.Error("a 500 has no request id")
	}
	var told struct{ Message, Code, Title string }
	if err := json.Unmarshal(a.body, &told); err != nil {
		w.t.Errorf("a 500 is answered %q: %v", a.body, err)
	}
	for _, word := range []string{id, "<br />", "\n"} {
		told.Message = strings.ReplaceAll(told.Message, word, "")
	}
	if message := strings.TrimSpace(told.Message); strings.ContainsAny(message, "/:") || len(message) > 100 {
		w.t.Errorf("a 500 tells more than a request id: %q", message)
	}
	for line := range strings.Lines(w.service.logged.String()) {
		if strings.Contains(line, id) && strings.Contains(line, `"level":"ERROR"`) {
			return
		}
	}
	w.t.Errorf("the log has no error for request %s", id)
}

// The files with passwords are for their owner alone.
func TestP13PasswordFilesAreTheOwners(t *testing.T) {
	s := start(t)
	found := 0
	for name, c := range s.clouds() {
		err := filepath.WalkDir(s.data, func(path string, d os.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil || !strings.Contains(string(text), c.Auth.Password) {
				return err
			}
			found++
			info, err := d.Info()
			if err == nil && info.Mode().Perm()&0o077 != 0 {
				t.Errorf("%s holds the password of %s and has mode %v", path, name, info.Mode())
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if found == 0 {
		t.Error("no file holds a password, not even clouds.yaml")
	}
}
