package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// A cloud is an entry of clouds.yaml.
type cloud struct {
	Auth struct {
		URL           string `yaml:"auth_url"`
		Username      string `yaml:"username"`
		Password      string `yaml:"password"`
		ProjectName   string `yaml:"project_name"`
		UserDomain    string `yaml:"user_domain_name"`
		UserDomainID  string `yaml:"user_domain_id"`
		ProjectDomain string `yaml:"project_domain_name"`
	} `yaml:"auth"`
}

// clouds reads the file that the service wrote for clients.
func (s *service) clouds() map[string]cloud {
	s.t.Helper()
	text, err := os.ReadFile(filepath.Join(s.data, "clouds.yaml"))
	if err != nil {
		s.t.Fatal(err)
	}
	var file struct{ Clouds map[string]cloud }
	if err := yaml.Unmarshal(text, &file); err != nil {
		s.t.Fatalf("clouds.yaml: %v", err)
	}
	return file.Clouds
}

// A user is somebody with a token who speaks HTTP by hand.
type user struct {
	t     *testing.T
	url   string
	token string
	http  *http.Client
}

// as logs in as the user of one of the clouds.
func (s *service) as(name string) *user {
	s.t.Helper()
	c, ok := s.clouds()[name]
	if !ok {
		s.t.Fatalf("clouds.yaml has no cloud %s", name)
	}
	domain := map[string]string{"id": "default"}
	request := map[string]any{"auth": map[string]any{
		"identity": map[string]any{
			"methods": []string{"password"},
			"password": map[string]any{"user": map[string]any{
				"name": c.Auth.Username, "password": c.Auth.Password, "domain": domain,
			}},
		},
		"scope": map[string]any{"project": map[string]any{"name": c.Auth.ProjectName, "domain": domain}},
	}}
	body, err := json.Marshal(request)
	if err != nil {
		s.t.Fatal(err)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = nil
	transport.DisableCompression = true
	s.t.Cleanup(transport.CloseIdleConnections)
	u := &user{t: s.t, url: s.url, http: &http.Client{Transport: transport, Timeout: patience}}
	identity := *u
	identity.url = c.Auth.URL
	answer := identity.call("POST /auth/tokens", bytes.NewReader(body)).want(http.StatusCreated)
	u.token = answer.header.Get("X-Subject-Token")
	if u.token == "" {
		s.t.Fatal("the identity gave no token")
	}
	return u
}

// An answer is what came back, read to its end.
type answer struct {
	t      *testing.T
	line   string // the call that it answers
	status int
	header http.Header
	body   []byte
}

// call sends a request, written "METHOD /path", with headers as "Name: value".
func (u *user) call(line string, body io.Reader, headers ...string) *answer {
	u.t.Helper()
	a, err := u.try(line, body, headers...)
	if err != nil {
		u.t.Fatal(err)
	}
	return a
}

// try is call that returns what went wrong on the way.
func (u *user) try(line string, body io.Reader, headers ...string) (*answer, error) {
	response, err := u.open(line, body, headers...)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("%s: reading the answer: %w", line, err)
	}
	return &answer{t: u.t, line: line, status: response.StatusCode, header: response.Header, body: text}, nil
}

// open is try that leaves the body to be read.
func (u *user) open(line string, body io.Reader, headers ...string) (*http.Response, error) {
	method, path, _ := strings.Cut(line, " ")
	request, err := http.NewRequest(method, u.url+path, body)
	if err != nil {
		return nil, err
	}
	if u.token != "" {
		request.Header.Set("X-Auth-Token", u.token)
	}
	switch {
	case strings.HasSuffix(path, "/file"):
		request.Header.Set("Content-Type", "application/octet-stream")
	case body != nil:
		request.Header.Set("Content-Type", "application/json")
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		request.Header.Set(name, value)
	}
	response, err := u.http.Do(request)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", line, err)
	}
	return response, nil
}

func (a *answer) want(status int) *answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("%s is answered %d, want %d: %s", a.line, a.status, status, tail(string(a.body), 1<<10))
	}
	return a
}

// image reads an image out of the answer.
func (a *answer) image() map[string]any {
	a.t.Helper()
	var img map[string]any
	if err := json.Unmarshal(a.body, &img); err != nil {
		a.t.Fatalf("%s is answered with no JSON: %v", a.line, err)
	}
	return img
}

// count lists all images.
func (u *user) count() int {
	u.t.Helper()
	n := 0
	for next := "/v2/images?limit=1000"; next != ""; {
		page := u.call("GET "+next, nil).want(http.StatusOK).image()
		n += len(page["images"].([]any))
		next, _ = page["next"].(string)
	}
	return n
}
