package boot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// restricted is the policy that docs/restricted-download.md has users meet.
const restricted = "../../docs/examples/restricted-download.yaml"

// hosts are what compute hosts meet: a process's second listener.
func (r *running) hosts() *running {
	r.t.Helper()
	for line := range strings.Lines(r.stderr.String()) {
		var told struct {
			Address string `json:"internal_listen"`
		}
		if json.Unmarshal([]byte(line), &told) == nil && told.Address != "" {
			inner := *r
			inner.address = told.Address
			return &inner
		}
	}
	r.t.Fatalf("there is no second listener: %s", r.stderr)
	return nil
}

// policyFile writes one.
func policyFile(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// serveHosts starts gander serve with a second listener.
func serveHosts(t *testing.T, inside string, environ ...string) (users, hosts *running) {
	t.Helper()
	users = serve(t, append(environ, "GANDER_POLICY_FILE="+restricted, "GANDER_INTERNAL_LISTEN=127.0.0.1:0", "GANDER_INTERNAL_POLICY_FILE="+inside)...)
	return users, users.hosts()
}

// coded makes a public image with data and the code that restricts it.
func (r *running) coded(token string) (id string) {
	r.t.Helper()
	var image struct{ ID string }
	made := r.call(token, "POST", "/v2/images", `{"visibility":"public","x_billing_code_ntt":"ntt_3251","disk_format":"raw","container_format":"bare"}`, 201)
	if err := json.Unmarshal([]byte(made), &image); err != nil {
		r.t.Fatal(err)
	}
	r.asked(token, "PUT /v2/images/"+image.ID+"/file", "0123456789", 204, "Content-Type: application/octet-stream")
	return image.ID
}

// asked is call with headers, "Name: value". It returns the answer's own, and its body.
func (r *running) asked(token, line, body string, status int, headers ...string) (http.Header, string) {
	r.t.Helper()
	method, path, _ := strings.Cut(line, " ")
	q, err := http.NewRequestWithContext(context.Background(), method, "http://"+r.address+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	q.Header.Set("X-Auth-Token", token)
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		q.Header.Set(name, value)
	}
	answer, err := http.DefaultClient.Do(q)
	if err != nil {
		r.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != status {
		r.t.Errorf("%s at %s with %v: %s %s, %v", line, r.address, headers, answer.Status, text, err)
	}
	return answer.Header, string(text)
}

// becomes waits until a call is answered with the status.
func (r *running) becomes(token, line string, status int) {
	r.t.Helper()
	method, path, _ := strings.Cut(line, " ")
	for end := time.Now().Add(longWait); ; time.Sleep(time.Millisecond) {
		q, err := http.NewRequestWithContext(context.Background(), method, "http://"+r.address+path, nil)
		if err != nil {
			r.t.Fatal(err)
		}
		q.Header.Set("X-Auth-Token", token)
		answer, err := http.DefaultClient.Do(q)
		if err != nil || time.Now().After(end) {
			r.t.Fatalf("%s: %v, %s", line, err, r.stderr)
		}
		_ = answer.Body.Close()
		if answer.StatusCode == status {
			return
		}
	}
}

// degraded holds health to a reason that begins so, and to policies and their files.
func (r *running) degraded(why string, policies ...string) {
	r.t.Helper()
	body := r.call(r.token("gander-admin"), "GET", "/gander/v1/health", "", 200)
	health := struct {
		Degraded bool
		Why      []string
	}{}
	told := map[string]any{}
	if err := errors.Join(json.Unmarshal([]byte(body), &health), json.Unmarshal([]byte(body), &told)); err != nil {
		r.t.Fatal(err)
	}
	if !health.Degraded || len(health.Why) == 0 || !strings.HasPrefix(health.Why[0], why) {
		r.t.Errorf("health at %s: %s", r.address, body)
	}
	for i := 0; i < len(policies); i += 2 {
		if policy, _ := told[policies[i]].(map[string]any); fmt.Sprint(policy["files"]) != "["+policies[i+1]+"]" {
			r.t.Errorf("health at %s: %s is %v", r.address, policies[i], policy)
		}
	}
}
