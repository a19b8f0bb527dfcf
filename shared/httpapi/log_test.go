package httpapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// P13: one line a request, with what an operator needs and no secret in it.
func TestP13OneLineWithoutSecrets(t *testing.T) {
	w := newWorld(t)
	const secret = "gAAAAABsecret"
	id := w.made(`{"name":"` + secret + `"}`)
	w.call("GET /v2/images/"+id+"?token="+secret, header("X-Openstack-Request-Id", "req-1"))
	w.call("GET /v2/images/"+id, header("X-Auth-Token", secret), header("X-Service-Token", secret), header("Cookie", secret))
	w.call("POST /v2/images", body(`{"`+secret+`":5}`))
	w.call("PUT /v2/images/"+w.made(bootable)+"/file", octets(secret))
	w.server.Close()
	if strings.Contains(w.logs.String(), secret) {
		t.Errorf("a secret is in the log:\n%s", w.logs)
	}
	lines := w.lines()
	if len(lines) != 6 {
		t.Fatalf("%d lines for 6 requests", len(lines))
	}
	for name, value := range map[string]any{
		"msg": "request", "level": "INFO", "request_id": "req-1", "operation": "image-show", "method": "GET", "path": "/v2/images/" + id,
		"status": 200.0, "project": "demo", "user": "mia", "received": 0.0,
	} {
		if lines[1][name] != value {
			t.Errorf("%s is %v, want %v", name, lines[1][name], value)
		}
	}
	if lines[1]["bytes"] == 0.0 || lines[1]["duration"] == 0.0 || lines[1]["error"] != nil {
		t.Errorf("line %v", lines[1])
	}
	if lines[2]["status"] != 401.0 || lines[2]["project"] != "" || lines[5]["received"] != float64(len(secret)) {
		t.Errorf("lines %v, %v", lines[2], lines[5])
	}
}

// What is our fault is logged once, with its cause; the caller gets an id.
func TestFaultsOfOurs(t *testing.T) {
	for name, serve := range map[string]func(context.Context, *Services, *Request) (*Response, error){
		"error":  func(context.Context, *Services, *Request) (*Response, error) { return nil, errors.New("disk on fire") },
		"panic":  func(context.Context, *Services, *Request) (*Response, error) { panic("disk on fire") },
		"silent": func(context.Context, *Services, *Request) (*Response, error) { return nil, nil },
	} {
		w := newWorld(t)
		w.handler = Handler([]Operation{{Name: "image-show", Methods: []string{"GET"}, Paths: []string{"/v2/images/{image_id}"}, Serve: serve}}, w.services)
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
	w := newWorld(t)
	w.handler = Handler([]Operation{{
		Name: "image-show", Methods: []string{"GET"}, Paths: []string{"/v2/images/{image_id}"},
		Serve: func(context.Context, *Services, *Request) (*Response, error) {
			return &Response{Status: 200, Stream: io.NopCloser(io.MultiReader(strings.NewReader("abc"), panicking{})), Length: 10}, nil
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
	w := newWorld(t)
	w.call("GET /v2/info/import", header("X-Auth-Token", "unreachable")).want(503).says("not available")
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
