package httpapi

import (
	"context"

	"github.com/gander-images/gander/shared/policy"
)

var (
	// ConsumerList tells how far the consumers of changes are.
	ConsumerList = Operation{
		Name: "consumer-list", Methods: []string{"GET"}, Paths: []string{ownAPI + "/consumers"},
		Rules: []policy.Rule{policy.GetDeadLetters},
		Needs: Tokens | ReadTable | ListTable, Body: Ignored, Serve: consumerList,
	}
	// ConsumerRetry has a consumer try a dead letter again.
	ConsumerRetry = Operation{
		Name: "consumer-retry", Methods: []string{"POST"}, Paths: []string{ownAPI + "/consumers/{consumer_name}/retry"},
		Rules: []policy.Rule{policy.GetDeadLetters},
		Needs: Tokens | ReadTable | WriteTable, Body: JSONBody, Serve: consumerRetry,
	}
)

func consumerList(_ context.Context, _ *Services, _ *Request) (*Response, error) {
	return nil, errToBeWritten
}

func consumerRetry(_ context.Context, _ *Services, _ *Request) (*Response, error) {
	return nil, errToBeWritten
}
