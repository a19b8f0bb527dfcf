package httpapi

import (
	"context"
	"net/http"
	"path/filepath"
	"time"

	"github.com/gander-images/gander/shared/policy"
)

// HealthShow tells operators how the service is.
var HealthShow = Operation{
	Name: "health-show", Methods: []string{"GET"}, Paths: []string{ownAPI + "/health"},
	Rules: []policy.Rule{policy.GetHealth},
	Needs: Tokens | ReadTable | ListTable | DescribeSecrets, Serve: healthShow,
}

type health struct {
	Versions map[string]string `json:"versions"`
	Policy   *healthPolicy     `json:"policy,omitempty"`
	Other    *healthPolicy     `json:"other_policy,omitempty"` // of the other listener
	Degraded bool              `json:"degraded"`
	Why      []string          `json:"why"`
	Lag      map[string]int64  `json:"lag"`

	// Epoch and Deletions are those of the deployment's keys; null where they cannot
	// be read. Decisions are what this process decided about keys, by state.
	Epoch     *epochJSON       `json:"epoch"`
	Deletions *deletionsJSON   `json:"deletions"`
	Decisions map[string]int64 `json:"key_decisions,omitempty"`
}

// healthPolicy is the policy in force, by which this answer was decided too.
type healthPolicy struct {
	Version  string   `json:"version"`
	Files    []string `json:"files"` // without their folders
	LoadedAt string   `json:"loaded_at"`
}

// healthShow tells what this process runs, and what is not as it should be. It is
// answered 200 in any case: whether requests can be served is the healthcheck's
// matter. Lag is how many seconds the oldest entry of what must happen later has
// been waiting.
func healthShow(ctx context.Context, s *Services, r *Request) (*Response, error) {
	if _, err := s.Policy.Authorize(policy.GetHealth, r.Caller, policy.Attributes{}); err != nil {
		return nil, err
	}
	h := health{
		Versions: map[string]string{"gander": s.Version, "image_api": "v" + currentVersion, "gander_api": "v1"},
		Why:      []string{}, Lag: map[string]int64{},
	}
	h.Policy = h.tellPolicy(s.PolicyState, "the policy files are not in force: ")
	h.Other = h.tellPolicy(s.OtherPolicyState, "the policy files of the other listener are not in force: ")
	if s.Healthy != nil && s.Healthy(ctx) != nil {
		h.Why = append(h.Why, "the metadata cannot be read")
	} else if s.Lag != nil {
		if lag, err := s.Lag(ctx); err != nil {
			h.Why = append(h.Why, "what is due cannot be read")
		} else {
			h.Lag["due_seconds"] = int64(lag / time.Second)
		}
		h.tellKeys(ctx, s)
	}
	h.Degraded = len(h.Why) > 0
	return jsonAnswer(http.StatusOK, h), nil
}

// tellKeys describes the deployment's keys, and adds what needs a person to the
// reasons.
func (h *health) tellKeys(ctx context.Context, s *Services) {
	if s.Keys == nil {
		return
	}
	if s.KeyDecisions != nil {
		h.Decisions = s.KeyDecisions()
	}
	census, err := s.Keys.Census(ctx)
	if err != nil {
		h.Why = append(h.Why, "what is known of keys cannot be read")
		return
	}
	epoch := epochFields(census)
	h.Epoch, h.Deletions = &epoch, deletionsFields(census.Deletions)
	h.Why = append(h.Why, alarms(census)...)
}

// tellPolicy describes one policy, and adds what is wrong with it to the reasons.
func (h *health) tellPolicy(of func() policy.State, says string) *healthPolicy {
	if of == nil {
		return nil
	}
	state := of()
	files := make([]string, len(state.Files))
	for i, file := range state.Files {
		files[i] = filepath.Base(file)
	}
	for _, f := range state.Faults {
		if f.File != "" {
			f.File = filepath.Base(f.File)
		}
		h.Why = append(h.Why, says+f.String())
	}
	return &healthPolicy{Version: state.Version, Files: files, LoadedAt: state.LoadedAt.UTC().Format(timeFormat)}
}
