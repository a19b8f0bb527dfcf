package scenarios

import (
	"testing"
	"time"
)

func TestHealth(t *testing.T) {
	w := ruled(t, `"get_health": "rule:context_is_admin or role:manager"`)
	var h struct {
		Versions map[string]string
		Policy   struct {
			Version  string
			Files    []string
			LoadedAt time.Time `json:"loaded_at"`
		}
		Degraded *bool
		Why      []string
		Lag      map[string]int64
	}
	w.call("GET /gander/v1/health", as("manager")).want(200).has("Cache-Control", "no-store").into(&h)
	if h.Versions["gander"] == "" || h.Versions["image_api"] != "v2.17" || h.Degraded == nil || *h.Degraded || h.Why == nil || len(h.Why) > 0 {
		t.Errorf("got %+v", h)
	}
	if p := h.Policy; len(p.Version) < 12 || len(p.Files) != 1 || p.Files[0] != "policy.yaml" || time.Since(p.LoadedAt) > time.Hour {
		t.Errorf("policy %+v", p)
	}
	if lag, ok := h.Lag["due_seconds"]; !ok || lag != 0 {
		t.Errorf("lag %v", h.Lag)
	}
	w.refused("GET /gander/v1/health", as("member")).want(403).says("get_health")
}
