package httpapi

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/gander-images/gander/shared/key"
	"github.com/gander-images/gander/shared/policy"
	"github.com/gander-images/gander/shared/problem"
)

var (
	// SecretConsumerList lists what needs a secret.
	SecretConsumerList = Operation{
		Name: "secret-consumer-list", Methods: []string{"GET"}, Paths: []string{secretPath + "/consumers"},
		Rules: []policy.Rule{policy.SecretGet},
		Needs: Tokens | ReadTable | ReadItems | ListTable, Body: Ignored, Serve: versioned(secretConsumerList),
	}
	// SecretConsumerCreate says that something needs a secret.
	SecretConsumerCreate = Operation{
		Name: "secret-consumer-create", Methods: []string{"POST"}, Paths: []string{secretPath + "/consumers"},
		Rules: []policy.Rule{policy.ConsumersPost, policy.SecretGet},
		Needs: Tokens | ReadTable | ReadItems | WriteTable | ListTable, Body: JSONBody, Media: jsonAlone, Serve: versioned(secretConsumerCreate),
	}
	// SecretConsumerDelete says that something no longer needs a secret.
	SecretConsumerDelete = Operation{
		Name: "secret-consumer-delete", Methods: []string{"DELETE"}, Paths: []string{secretPath + "/consumers"},
		Rules: []policy.Rule{policy.ConsumersDelete, policy.SecretGet},
		Needs: Tokens | ReadTable | ReadItems | WriteTable | ListTable, Body: JSONBody, Media: jsonAlone, Serve: versioned(secretConsumerDelete),
	}
)

// secretConsumerList answers a page of what needs a secret. Consumers are served in
// every version, as by Barbican; only secrets are shown without them in the oldest.
//
// Source: barbican/api/controllers/consumers.py, SecretConsumersController.on_get.
func secretConsumerList(ctx context.Context, s *Services, r *Request) (*Response, error) {
	secret, _, err := s.readable(ctx, r, policy.SecretGet)
	if err != nil {
		return nil, err
	}
	all, err := s.Keys.Consumers(ctx, secret.Secret)
	if err != nil {
		return nil, err
	}
	limit, offset := pageOf(r.Query)
	total := len(all)
	from := min(offset, total)
	page := all[from:min(from+limit, total)]
	documents := make([]registeredConsumer, len(page))
	for i, h := range page {
		moment := momentText(h.Since)
		documents[i] = registeredConsumer{consumerDocument{h.Consumer.Service, h.Consumer.Type, h.Consumer.ID}, moment, moment, "ACTIVE"}
	}
	answer := map[string]any{"consumers": documents}
	s.addPage(answer, r, secretsPath+"/"+secret.Record.ID+"/consumers", len(documents), total)
	return jsonAnswer(http.StatusOK, answer), nil
}

// registeredConsumer is a consumer in a list of its own.
//
// Source: barbican/model/models.py, SecretConsumerMetadatum.
type registeredConsumer struct {
	consumerDocument
	Created string `json:"created"`
	Updated string `json:"updated"`
	Status  string `json:"status"`
}

// secretConsumerCreate says that something needs a secret. Saying it again changes
// nothing.
//
// Source: barbican/api/controllers/consumers.py, SecretConsumersController.on_post.
func secretConsumerCreate(ctx context.Context, s *Services, r *Request) (*Response, error) {
	consumer, err := readConsumer(r.JSON)
	if err != nil {
		return nil, err
	}
	return s.changeConsumers(ctx, r, policy.ConsumersPost, func(grant policy.Grant, secret *key.Secret) (*key.Record, error) {
		return s.Keys.AddConsumer(ctx, grant, secret.Record, consumer)
	})
}

// secretConsumerDelete says that something no longer needs a secret.
//
// Source: barbican/api/controllers/consumers.py, SecretConsumersController.on_delete.
func secretConsumerDelete(ctx context.Context, s *Services, r *Request) (*Response, error) {
	consumer, err := readConsumer(r.JSON)
	if err != nil {
		return nil, err
	}
	return s.changeConsumers(ctx, r, policy.ConsumersDelete, func(grant policy.Grant, secret *key.Secret) (*key.Record, error) {
		after, err := s.Keys.RemoveConsumer(ctx, grant, secret.Record, consumer)
		if err == nil && after == secret.Record {
			return nil, problem.New(problem.NotFound, "Consumer not found.")
		}
		return after, err
	})
}

// changeConsumers does something to the consumers of the request's secret, and answers
// the secret with those that it has then. A service that may register consumers of
// secrets that it may not see is shown no more than that.
func (s *Services) changeConsumers(
	ctx context.Context, r *Request, rule policy.Rule, do func(policy.Grant, *key.Secret) (*key.Record, error),
) (*Response, error) {
	find := s.readable
	if rule == policy.ConsumersDelete {
		find = s.allowed // or nobody could say any more that an expired secret is not needed
	}
	var secret secretAccess
	err := s.again(ctx, func() (err error) {
		var grant policy.Grant
		if secret, grant, err = find(ctx, r, rule); err != nil {
			return err
		}
		if secret.Waits() {
			return key.ErrNotUsable
		}
		after, err := do(grant, secret.Secret)
		if err == nil {
			secret.Secret = &key.Secret{Record: after, Metadata: secret.Metadata}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	sees, err := s.Policy.Decide(policy.SecretGet, r.Caller, secret.target)
	if err != nil {
		return nil, err
	}
	ref := s.secretRef(secret.Record.ID)
	if !sees {
		return jsonAnswer(http.StatusOK, map[string]string{"status": "ACTIVE", "secret_ref": ref}), nil
	}
	document, err := s.secretDocument(ctx, secret.Secret, withConsumers)
	if err != nil {
		return nil, err
	}
	response := jsonAnswer(http.StatusOK, document)
	response.Header = http.Header{"Location": {ref + "/consumers"}}
	return response, nil
}

// readConsumer reads the body that names a consumer.
//
// Source: barbican/common/validators.py, SecretConsumerValidator.
func readConsumer(body []byte) (key.Consumer, error) {
	var c key.Consumer
	err := readFields(body, "", map[string]func(json.RawMessage) error{
		"service":       shortText("service", &c.Service),
		"resource_type": shortText("resource_type", &c.Type),
		"resource_id":   shortText("resource_id", &c.ID),
	})
	if err != nil {
		return c, err
	}
	for _, needed := range []struct{ name, value string }{
		{"service", c.Service}, {"resource_type", c.Type}, {"resource_id", c.ID},
	} {
		if needed.value == "" {
			return c, problem.New(problem.Invalid, "'%s' is missing or empty.", needed.name)
		}
	}
	return c, nil
}
