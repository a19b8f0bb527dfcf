package httpapi

import (
	"context"

	"github.com/gander-images/gander/shared/policy"
)

var (
	// SecretConsumerList lists what needs a secret.
	SecretConsumerList = Operation{
		Name: "secret-consumer-list", Methods: []string{"GET"}, Paths: []string{secretPath + "/consumers"},
		Rules: []policy.Rule{policy.SecretGet},
		Needs: Tokens | ReadTable | ReadItems | ListTable, Body: Ignored, Serve: secretConsumerList,
	}
	// SecretConsumerCreate says that something needs a secret.
	SecretConsumerCreate = Operation{
		Name: "secret-consumer-create", Methods: []string{"POST"}, Paths: []string{secretPath + "/consumers"},
		Rules: []policy.Rule{policy.ConsumersPost, policy.SecretGet},
		Needs: Tokens | ReadTable | ReadItems | WriteTable | ListTable, Body: JSONBody, Serve: secretConsumerCreate,
	}
	// SecretConsumerDelete says that something no longer needs a secret.
	SecretConsumerDelete = Operation{
		Name: "secret-consumer-delete", Methods: []string{"DELETE"}, Paths: []string{secretPath + "/consumers"},
		Rules: []policy.Rule{policy.ConsumersDelete, policy.SecretGet},
		Needs: Tokens | ReadTable | ReadItems | WriteTable | ListTable, Body: JSONBody, Serve: secretConsumerDelete,
	}
)

func secretConsumerList(_ context.Context, _ *Services, _ *Request) (*Response, error) {
	return nil, errToBeWritten
}

func secretConsumerCreate(_ context.Context, _ *Services, _ *Request) (*Response, error) {
	return nil, errToBeWritten
}

func secretConsumerDelete(_ context.Context, _ *Services, _ *Request) (*Response, error) {
	return nil, errToBeWritten
}
