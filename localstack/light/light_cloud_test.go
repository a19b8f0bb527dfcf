//go:build cloud

package main

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// TestTheLightCloud starts everything that "make local-light" starts, and takes
// an image through its life: once by functions alone, once with more data than
// those take. It needs "make build".
func TestTheLightCloud(t *testing.T) {
	o := options{listen: "127.0.0.1:0", stage: "127.0.0.1:0", identity: freeAddress(t), data: t.TempDir(), root: "../.."}
	c, err := start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	s := &session{t: t, token: logIn(t, o)}
	s.life(c.gateway.StageURL(), 1<<20)
	s.life(c.gateway.URL(), 20<<20)

	s.call("PUT", s.create(c.gateway.StageURL())+"/file", make([]byte, 20<<20), http.StatusRequestEntityTooLarge)
	if err := c.gateway.Sweep(t.Context()); err != nil {
		t.Error(err)
	}
	for _, function := range []string{"image-create", "image-show", "image-data-upload", "image-data-download", "image-delete", "sweeper"} {
		if c.gateway.Tally()[function].Good() == 0 {
			t.Errorf("%s did nothing: %v", function, c.gateway.Tally())
		}
	}
	for range 500 { // the deletions are changes that the reaper is fed
		if c.gateway.Tally()["reaper"].Records > 0 {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("the reaper took no record: %v", c.gateway.Tally())
}

// TestTheEndIsComplete: a second cloud finds every port free that the first had.
func TestTheEndIsComplete(t *testing.T) {
	o := options{listen: freeAddress(t), stage: freeAddress(t), identity: freeAddress(t), data: t.TempDir(), root: "../.."}
	for range 2 {
		c, err := start(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		c.close()
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// logIn gets a token as a client with clouds.yaml does.
func logIn(t *testing.T, o options) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(o.data, "clouds.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Clouds map[string]struct {
			Auth struct {
				URL      string `yaml:"auth_url"`
				Username string
				Password string
				Project  string `yaml:"project_name"`
				Domain   string `yaml:"user_domain_name"`
			}
		}
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	auth := file.Clouds["gander"].Auth
	type m = map[string]any
	domain := m{"name": auth.Domain}
	body, err := json.Marshal(m{"auth": m{
		"identity": m{"methods": []string{"password"}, "password": m{"user": m{"name": auth.Username, "password": auth.Password, "domain": domain}}},
		"scope":    m{"project": m{"name": auth.Project, "domain": domain}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.Post(auth.URL+"/auth/tokens", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusCreated {
		t.Fatalf("logging in: %s", answer.Status)
	}
	return answer.Header.Get("X-Subject-Token")
}

// A session is a client with a token.
type session struct {
	t     *testing.T
	token string
}

func (s *session) call(method, url string, body []byte, want int) []byte {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, url, bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("X-Auth-Token", s.token)
	r.Header.Set("Content-Type", map[bool]string{true: "application/json", false: "application/octet-stream"}[method == "POST"])
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != want {
		s.t.Fatalf("%s %s: %s, %v, %.300s", method, url, answer.Status, err, text)
	}
	return text
}

// create makes an image and returns its URL.
func (s *session) create(endpoint string) string {
	s.t.Helper()
	var image struct{ ID string }
	text := s.call("POST", endpoint+"/v2/images", []byte(`{"name":"a","disk_format":"raw","container_format":"bare"}`), http.StatusCreated)
	if err := json.Unmarshal(text, &image); err != nil {
		s.t.Fatal(err)
	}
	return endpoint + "/v2/images/" + image.ID
}

// life takes an image with so many bytes from its creation to its deletion.
func (s *session) life(endpoint string, size int) {
	s.t.Helper()
	data := make([]byte, size)
	if _, err := rand.Read(data); err != nil {
		s.t.Fatal(err)
	}
	url := s.create(endpoint)
	s.call("PUT", url+"/file", data, http.StatusNoContent)
	if got := s.call("GET", url+"/file", nil, http.StatusOK); !bytes.Equal(got, data) {
		s.t.Errorf("%d bytes came back of %d", len(got), size)
	}
	var image struct {
		Status string
		Size   int
	}
	if err := json.Unmarshal(s.call("GET", url, nil, http.StatusOK), &image); err != nil || fmt.Sprint(image) != fmt.Sprintf("{active %d}", size) {
		s.t.Errorf("%+v, %v", image, err)
	}
	s.call("DELETE", url, nil, http.StatusNoContent)
	s.call("GET", url, nil, http.StatusNotFound)
}
