package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/gander-images/gander/shared/deadletter"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
	"github.com/gander-images/gander/shared/table"
)

const consumersPath = ownAPI + "/consumers"

var (
	// ConsumerList tells how far the consumers of changes are.
	ConsumerList = Operation{
		Name: "consumer-list", Methods: []string{"GET"}, Paths: []string{consumersPath},
		Rules: []policy.Rule{policy.GetDeadLetters}, Gate: policy.GetDeadLetters,
		Needs: Tokens | ReadTable | ListTable, Body: Ignored, Serve: consumerList,
	}
	// ConsumerRetry has a consumer try a dead letter again.
	ConsumerRetry = Operation{
		Name: "consumer-retry", Methods: []string{"POST"}, Paths: []string{consumersPath + "/{consumer_name}/retry"},
		Rules: []policy.Rule{policy.GetDeadLetters}, Gate: policy.GetDeadLetters,
		Needs: Tokens | ReadTable | WriteTable, Body: JSONBody, Serve: consumerRetry,
	}
)

// letters are the dead letters in the service's table.
func (s *Services) letters() *deadletter.Box {
	return &deadletter.Box{Table: s.Images.Table, Now: s.Images.Now, Log: s.Log}
}

// A consumer is one consumer of changes in an answer.
type consumer struct {
	Name     string              `json:"name"`
	Position *consumerPosition   `json:"position"` // null where the platform keeps it
	Lag      consumerLag         `json:"lag"`
	Letters  []deadletter.Letter `json:"dead_letters"`
	Next     string              `json:"next,omitempty"` // of its letters
}

type consumerPosition struct {
	Sequence string `json:"sequence"`
	Behind   int64  `json:"behind"`         // changes
	Seconds  int64  `json:"behind_seconds"` // since the oldest of them
}

type consumerLag struct {
	Due int64 `json:"due_seconds"` // for which the oldest entry has been waiting
}

// consumerList tells of each consumer how far it is, and what it gave up on, the last
// first.
func consumerList(ctx context.Context, s *Services, r *Request) (*Response, error) {
	limit, marker, err := parsePage(r.Query)
	if err != nil {
		return nil, err
	}
	all := []consumer{}
	for _, name := range deadletter.Consumers() {
		c, err := s.consumer(ctx, r.gate, name, limit, marker)
		if err != nil {
			return nil, err
		}
		all = append(all, *c)
	}
	return jsonAnswer(http.StatusOK, map[string]any{"consumers": all}), nil
}

func (s *Services) consumer(ctx context.Context, grant policy.Grant, name string, limit int, marker string) (*consumer, error) {
	letters, more, err := s.letters().List(ctx, grant, name, marker, limit)
	if err != nil {
		return nil, err
	}
	c := &consumer{Name: name, Letters: append([]deadletter.Letter{}, letters...)}
	if more && len(letters) > 0 {
		next := url.Values{"marker": {letters[len(letters)-1].ID}, "limit": {strconv.Itoa(limit)}}
		c.Next = consumersPath + "?" + next.Encode()
	}
	if c.Position, err = s.positionOf(ctx, name); err != nil || s.Lag == nil {
		return c, err
	}
	lag, err := s.Lag(ctx)
	c.Lag.Due = int64(lag / time.Second)
	return c, err
}

// positionOf is nil where the table does not know how far its consumers are.
func (s *Services) positionOf(ctx context.Context, name string) (*consumerPosition, error) {
	feed, ok := s.Images.Table.(table.Positioner)
	if !ok {
		return nil, nil
	}
	at, err := feed.Position(ctx, name)
	if err != nil {
		return nil, err
	}
	p := &consumerPosition{Sequence: at.Sequence, Behind: at.Behind}
	if !at.Oldest.IsZero() {
		p.Seconds = max(0, int64(s.Images.Now().Sub(at.Oldest)/time.Second))
	}
	return p, nil
}

// consumerRetry has a dead letter tried again, soon. The letter then goes, or tells
// why it stays.
func consumerRetry(ctx context.Context, s *Services, r *Request) (*Response, error) {
	id, err := parseRetry(r.JSON)
	if err != nil {
		return nil, err
	}
	letter, err := s.letters().Retry(ctx, r.gate, r.Params["consumer_name"], id)
	if err != nil {
		return nil, err
	}
	return jsonAnswer(http.StatusAccepted, letter), nil
}

func parseRetry(body []byte) (id string, err error) {
	err = readFields(body, "", map[string]func(json.RawMessage) error{
		"id": func(v json.RawMessage) error { return readAs(v, "id", "text", &id) },
	})
	if err == nil && id == "" {
		err = problem.New(problem.Invalid, "'id' is missing: the id of a dead letter.")
	}
	return id, err
}
