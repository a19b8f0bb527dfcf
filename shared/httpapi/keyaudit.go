package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/gander-images/gander/shared/key"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
)

var (
	// KeyAudit tells what the sweeper would do to keys, and what is not as it should be.
	KeyAudit = Operation{
		Name: "key-audit", Methods: []string{"GET"}, Paths: []string{keysPath + "/audit"},
		Rules: []policy.Rule{policy.ManageKeys}, Gate: policy.ManageKeys,
		Needs: Tokens | ReadTable | ReadItems | ListTable | DescribeSecrets, Body: Ignored, Serve: keyAudit,
	}
	// KeyDeletionsShow tells whether keys are deleted.
	KeyDeletionsShow = Operation{
		Name: "key-deletions-show", Methods: []string{"GET"}, Paths: []string{keysPath + "/deletions"},
		Rules: []policy.Rule{policy.ManageKeys}, Gate: policy.ManageKeys,
		Needs: Tokens | ReadTable | DescribeSecrets, Body: Ignored, Serve: keyDeletionsShow,
	}
	// KeyDeletionsSet turns the deletion of keys on or off.
	KeyDeletionsSet = Operation{
		Name: "key-deletions-set", Methods: []string{"PUT"}, Paths: []string{keysPath + "/deletions"},
		Rules: []policy.Rule{policy.ManageKeys}, Gate: policy.ManageKeys,
		Needs: Tokens | ReadTable | PutItems | DescribeSecrets | RaiseEpoch, Body: JSONBody, Serve: keyDeletionsSet,
	}
)

// auditJSON is a page of an audit. What holds for the deployment is on each.
type auditJSON struct {
	Findings  []findingJSON  `json:"findings"`
	Alarms    []string       `json:"alarms"` // what needs a person, in sentences
	Deletions *deletionsJSON `json:"deletions"`
	Epoch     epochJSON      `json:"epoch"`
	RoundAt   *string        `json:"round_at"` // when secrets and records were compared last
	Next      string         `json:"next,omitempty"`
}

type findingJSON struct {
	Kind       string    `json:"kind"`
	Key        string    `json:"key_id"`
	Generation int       `json:"generation,omitempty"`
	State      key.State `json:"state,omitempty"`
	At         string    `json:"at"`
	Why        string    `json:"why"`
	Person     bool      `json:"needs_person"`
}

// deletionsJSON says whether keys are deleted, and since when and why that is so.
type deletionsJSON struct {
	Enabled bool    `json:"enabled"`
	Since   *string `json:"since"`
	Why     *string `json:"why"`
}

// epochJSON is what tells a table that was restored; null is not known.
type epochJSON struct {
	Table int64  `json:"table"`
	Vault *int64 `json:"vault"`
}

func deletionsFields(d key.Deletions) *deletionsJSON {
	shown := &deletionsJSON{Enabled: d.Enabled, Since: instant(d.Since)}
	if d.Why != "" {
		shown.Why = &d.Why
	}
	return shown
}

func epochFields(c key.Census) epochJSON {
	shown := epochJSON{Table: c.Epochs.Table}
	if c.Vault {
		shown.Vault = &c.Epochs.Vault
	}
	return shown
}

func keyAudit(ctx context.Context, s *Services, r *Request) (*Response, error) {
	limit, marker, err := parsePage(r.Query)
	if err != nil {
		return nil, err
	}
	census, err := s.Keys.Census(ctx)
	if err != nil {
		return nil, err
	}
	page, err := s.Keys.Audit(ctx, r.gate, marker, limit)
	if err != nil {
		return nil, err
	}
	answer := auditJSON{
		Findings: make([]findingJSON, len(page.Findings)), Alarms: alarms(census),
		Deletions: deletionsFields(census.Deletions), Epoch: epochFields(census), RoundAt: instant(census.Round),
	}
	for i, f := range page.Findings {
		answer.Findings[i] = findingJSON{
			Kind: f.Kind, Key: f.Key, Generation: f.Generation, State: f.State, At: f.At.UTC().Format(timeFormat),
			Why: f.Why, Person: f.Person,
		}
	}
	if page.Next != "" {
		answer.Next = nextLink(keysPath+"/audit", withoutMarker(r.URL.RawQuery), page.Next)
	}
	return jsonAnswer(http.StatusOK, answer), nil
}

// alarms are the sentences about keys that need a person.
func alarms(c key.Census) []string {
	told := []string{}
	if !c.Vault {
		told = append(told, "the key store cannot be reached")
	}
	if !c.Deletions.Enabled {
		told = append(told, "keys are not deleted until an operator turns that on: "+c.Deletions.Why)
	}
	if c.Missing > 0 {
		told = append(told, "usable keys are missing from the key store: "+countOf(c.Missing))
	}
	if c.Unrecorded > 0 {
		told = append(told, "the key store has secrets that no record is about: "+countOf(c.Unrecorded))
	}
	return told
}

// countOf writes a number that a census counts to its limit.
func countOf(n int) string {
	if n >= key.CensusLimit {
		return strconv.Itoa(n) + " or more"
	}
	return strconv.Itoa(n)
}

func keyDeletionsShow(ctx context.Context, s *Services, _ *Request) (*Response, error) {
	d, _, err := s.Keys.Deletions(ctx)
	if err != nil {
		return nil, err
	}
	return jsonAnswer(http.StatusOK, deletionsFields(d)), nil
}

func keyDeletionsSet(ctx context.Context, s *Services, r *Request) (*Response, error) {
	enabled, why, err := parseDeletions(r.JSON)
	if err != nil {
		return nil, err
	}
	if why == "" {
		why = "set by an operator"
	}
	var set key.Deletions
	err = s.again(ctx, func() error {
		set, err = s.Keys.SetDeletions(ctx, r.gate, enabled, why)
		return err
	})
	if err != nil {
		return nil, err
	}
	return jsonAnswer(http.StatusOK, deletionsFields(set)), nil
}

// parseDeletions reads what GET shows, so that it can be sent back changed; since is
// the service's to say.
func parseDeletions(body []byte) (enabled bool, why string, err error) {
	var said *bool
	var since string
	err = readFields(body, "", map[string]func(json.RawMessage) error{
		"enabled": func(v json.RawMessage) error { return readAs(v, "enabled", "true or false", &said) },
		"since":   func(v json.RawMessage) error { return readAs(v, "since", "text", &since) },
		"why":     shortText("why", &why),
	})
	switch {
	case err != nil:
		return false, "", err
	case said == nil:
		return false, "", problem.New(problem.Invalid, "'enabled' is missing: true or false.")
	}
	return *said, why, nil
}
