package scenarios

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// P13: one line a request, with what an operator needs and no secret in it.
func TestP13OneLineWithoutSecrets(t *testing.T) {
	w := newWorld(t)
	const secret = "gAAAAABsecret"
	id := w.made(`{"name":"`+secret+`"}`, asked("req-made"))
	w.call("GET /v2/images/"+id+"?token="+secret, asked("req-shown"))
	w.call("GET /v2/images/"+id, asked("req-unknown"), header("X-Auth-Token", secret), header("X-Service-Token", secret), header("Cookie", secret))
	w.call("POST /v2/images", asked("req-bad"), body(`{"`+secret+`":5}`))
	w.call("PUT /v2/images/"+w.made(bootable)+"/file", asked("req-filled"), octets(secret))
	lines := map[string]map[string]any{}
	for _, request := range []string{"req-made", "req-shown", "req-unknown", "req-bad", "req-filled"} {
		lines[request] = w.line(request)
	}
	if strings.Contains(w.logged(), secret) {
		t.Errorf("a secret is in the log:\n%s", w.logged())
	}
	for name, value := range map[string]any{
		"msg": "request", "level": "INFO", "operation": "image-show", "method": "GET", "path": "/v2/images/" + id,
		"status": 200.0, "project": "demo", "user": "mia", "received": 0.0,
	} {
		if got := lines["req-shown"][name]; got != value {
			t.Errorf("%s is %v, want %v", name, got, value)
		}
	}
	if shown := lines["req-shown"]; shown["bytes"] == 0.0 || shown["duration"] == 0.0 || shown["error"] != nil {
		t.Errorf("line %v", shown)
	}
	if unknown := lines["req-unknown"]; unknown["status"] != 401.0 || unknown["project"] != "" {
		t.Errorf("line %v", unknown)
	}
	if filled := lines["req-filled"]; filled["received"] != float64(len(secret)) {
		t.Errorf("line %v", filled)
	}
}

// asked gives the request an id to find it by.
func asked(id string) option { return header("X-Openstack-Request-Id", id) }

// line waits for the access line of a request, and wants no second one.
func (w *world) line(request string) map[string]any {
	w.t.Helper()
	for end := time.Now().Add(longWait); time.Now().Before(end); time.Sleep(time.Millisecond) {
		var found []map[string]any
		for text := range strings.Lines(w.logged()) {
			var line map[string]any
			if json.Unmarshal([]byte(text[max(0, strings.Index(text, "{")):]), &line) == nil && line["request_id"] == request && line["msg"] == "request" {
				found = append(found, line)
			}
		}
		if len(found) > 1 {
			w.t.Errorf("request %s has %d lines", request, len(found))
		}
		if len(found) > 0 {
			return found[0]
		}
	}
	w.t.Fatalf("request %s has no line in the log", request)
	return nil
}

// longWait ends a wait for what must come; no outcome depends on how soon.
const longWait = time.Minute
