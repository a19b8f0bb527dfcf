package outside

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// patience is how long a call may take.
const patience = time.Minute

// A User is somebody with a token.
type User struct {
	URL     string
	Token   string
	Project string // its id

	http *http.Client
}

// A Call is one request; Length is -1 for a body sent in chunks.
type Call struct {
	Method string
	Path   string
	Body   io.Reader
	Length int64
	Header map[string]string
}

// An Answer is what came back, read to its end.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Login gets a token for a cloud of a clouds.yaml.
func Login(ctx context.Context, clouds, cloud string) (*User, error) {
	identity, request, err := credentials(clouds, cloud)
	if err != nil {
		return nil, err
	}
	u := &User{URL: identity, http: &http.Client{
		Timeout: patience,
		Transport: &http.Transport{
			Proxy: nil, MaxIdleConnsPerHost: 64, DisableCompression: true, ExpectContinueTimeout: patience,
		},
	}}
	a, err := u.Do(ctx, Call{
		Method: http.MethodPost, Path: "/auth/tokens", Body: bytes.NewReader(request), Length: int64(len(request)),
		Header: map[string]string{"Content-Type": "application/json"},
	})
	if err != nil {
		return nil, fmt.Errorf("logging in as %s: %w", cloud, err)
	}
	var body struct {
		Token struct{ Project struct{ ID string } }
	}
	if err := json.Unmarshal(a.Body, &body); err != nil || a.Status != http.StatusCreated {
		return nil, fmt.Errorf("logging in as %s is answered %d", cloud, a.Status)
	}
	u.Token, u.Project = a.Header.Get("X-Subject-Token"), body.Token.Project.ID
	u.URL = strings.TrimSuffix(identity, "/identity/v3")
	return u, nil
}

// credentials returns where to log in, and the request that does.
func credentials(clouds, cloud string) (identity string, request []byte, err error) {
	text, err := os.ReadFile(clouds) //nolint:gosec // the caller names the file
	if err != nil {
		return "", nil, err
	}
	var file struct {
		Clouds map[string]struct {
			Auth struct {
				URL      string `yaml:"auth_url"`
				Username string `yaml:"username"`
				Password string `yaml:"password"`
				Project  string `yaml:"project_name"`
			}
		}
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		return "", nil, fmt.Errorf("reading %s: %w", clouds, err)
	}
	c, ok := file.Clouds[cloud]
	if !ok {
		return "", nil, fmt.Errorf("%s has no cloud %s", clouds, cloud)
	}
	domain := map[string]string{"id": "default"}
	request, err = json.Marshal(map[string]any{"auth": map[string]any{
		"identity": map[string]any{"methods": []string{"password"}, "password": map[string]any{
			"user": map[string]any{"name": c.Auth.Username, "password": c.Auth.Password, "domain": domain},
		}},
		"scope": map[string]any{"project": map[string]any{"name": c.Auth.Project, "domain": domain}},
	}})
	return c.Auth.URL, request, err
}

// At is the same user, of the service at another address.
func (u *User) At(url string) *User {
	other := *u
	other.URL = url
	return &other
}

// Leave closes connections that are not in use: a service that stops waits for
// those on which nothing came yet.
func (u *User) Leave() { u.http.CloseIdleConnections() }

// Do makes a call. An error says that no whole answer came.
func (u *User) Do(ctx context.Context, c Call) (*Answer, error) {
	response, err := u.Open(ctx, c)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }() // it was read to its end
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("%s %s: reading the answer: %w", c.Method, c.Path, err)
	}
	return &Answer{Status: response.StatusCode, Header: response.Header, Body: body}, nil
}

// Open is Do that leaves the body to be read.
func (u *User) Open(ctx context.Context, c Call) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, c.Method, u.URL+c.Path, c.Body)
	if err != nil {
		return nil, err
	}
	if c.Body != nil {
		request.ContentLength = c.Length
		if c.Length == 0 {
			request.Body = http.NoBody
		}
	}
	if u.Token != "" {
		request.Header.Set("X-Auth-Token", u.Token)
	}
	for name, value := range c.Header {
		request.Header.Set(name, value)
	}
	response, err := u.http.Do(request)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", c.Method, c.Path, err)
	}
	return response, nil
}

// JSON makes a call with a JSON body, or none, and reads a JSON answer into
// result where the status is as wanted.
func (u *User) JSON(ctx context.Context, method, path string, body, result any, want int) error {
	c := Call{Method: method, Path: path}
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		c.Body, c.Length = bytes.NewReader(text), int64(len(text))
		c.Header = map[string]string{"Content-Type": "application/json"}
	}
	a, err := u.Do(ctx, c)
	if err != nil {
		return err
	}
	if a.Status != want {
		return fmt.Errorf("%s %s is answered %d, want %d: %.300s", method, path, a.Status, want, a.Body)
	}
	if result == nil {
		return nil
	}
	if err := json.Unmarshal(a.Body, result); err != nil {
		return fmt.Errorf("%s %s is answered with other JSON: %w", method, path, err)
	}
	return nil
}
