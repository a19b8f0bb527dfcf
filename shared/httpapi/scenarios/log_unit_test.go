//go:build !cloud

package scenarios

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gander-images/gander/shared/httpapi"
)

// What is our fault is logged once, with its cause; the caller gets an id.
func TestFaultsOfOurs(t *testing.T) {
	for name, serve := range map[string]func(context.Context, *httpapi.Services, *httpapi.Request) (*httpapi.Response, error){
		"error": func(context.Context, *httpapi.Services, *httpapi.Request) (*httpapi.Response, error) {
			return nil, errors.New("disk on fire")
		},
		"panic": func(context.Context, *httpapi.Services, *httpapi.Request) (*httpapi.Response, error) {
			panic("disk on fire")
		},
		"silent": func(context.Context, *httpapi.Services, *httpapi.Request) (*httpapi.Response, error) { return nil, nil },
	} {
		w := newInside(t)
		w.handler = httpapi.Handler([]httpapi.Operation{{Name: "image-show", Methods: []string{"GET"}, Paths: []string{"/v2/images/{image_id}"}, Serve: serve}}, w.services)
		got := w.call("GET /v2/images/x", asJSON, header("X-Openstack-Request-Id", "req-7")).want(500).
			says("req-7").has("Content-Type", "application/json").has("X-Openstack-Request-Id", "req-7").has("Cache-Control", "no-store")
		if strings.Contains(string(got.body), "fire") {
			t.Errorf("%s: told the caller %s", name, got.body)
		}
		w.server.Close()
		lines := w.lines()
		if len(lines) != 1 || lines[0]["level"] != "ERROR" || lines[0]["status"] != 500.0 {
			t.Errorf("%s: logged %v", name, lines)
		}
		if cause, _ := lines[0]["error"].(string); name != "silent" && !strings.Contains(cause, "disk on fire") {
			t.Errorf("%s: logged %q", name, cause)
		}
	}
}

// A panic after the answer began cannot become a 500: the connection breaks.
func TestLatePanic(t *testing.T) {
	w := newInside(t)
	w.handler = httpapi.Handler([]httpapi.Operation{{
		Name: "image-show", Methods: []string{"GET"}, Paths: []string{"/v2/images/{image_id}"},
		Serve: func(context.Context, *httpapi.Services, *httpapi.Request) (*httpapi.Response, error) {
			return &httpapi.Response{Status: 200, Stream: io.NopCloser(io.MultiReader(strings.NewReader("abc"), panicking{})), Length: 10}, nil
		},
	}}, w.services)
	server := httptest.NewServer(breaks(t, w.handler))
	r, _ := http.NewRequest(http.MethodGet, server.URL+"/v2/images/x", nil)
	as("member")(r)
	response, err := http.DefaultClient.Do(r)
	if err == nil {
		_, err = io.ReadAll(response.Body)
		_ = response.Body.Close()
	}
	if err == nil {
		t.Error("the client saw a whole answer")
	}
	server.Close()
	if text := w.logs.String(); strings.Count(text, "late panic") < 1 || strings.Count(text, `"operation":"image-show"`) != 1 {
		t.Errorf("logged %s", text)
	}
}

type panicking struct{}

func (panicking) Read([]byte) (int, error) { panic("late panic") }

// What stands between us and an identity service that is out of reach is logged
// once, and told as 503.
func TestUnavailable(t *testing.T) {
	w := newInside(t)
	w.services.Identity = unreachable{}
	w.call("GET /v2/info/import").want(503).says("not available").has("Cache-Control", "no-store")
	w.services.Healthy = func(context.Context) error { return fmt.Errorf("table at %s: closed", "/secret/place") }
	if got := w.call("GET /healthcheck").want(503); strings.Contains(string(got.body), "/secret") {
		t.Errorf("told %s", got.body)
	}
	w.server.Close()
	for _, line := range w.lines() {
		if line["level"] != "ERROR" || line["error"] == nil {
			t.Errorf("logged %v", line)
		}
	}
}

// lines returns the access lines so far.
func (w *inside) lines() []map[string]any {
	w.t.Helper()
	var lines []map[string]any
	for text := range strings.Lines(w.logs.String()) {
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			w.t.Fatal(err)
		}
		lines = append(lines, line)
	}
	return lines
}
