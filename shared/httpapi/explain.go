package httpapi

import (
	"context"
	"errors"

	"github.com/gander-images/gander/shared/policy"
)

// PolicyExplain tells why a rule lets somebody act or not.
var PolicyExplain = Operation{
	Name: "policy-explain", Methods: []string{"POST"}, Paths: []string{ownAPI + "/policy/explain"},
	Rules: []policy.Rule{policy.ExplainPolicy, policy.GetImage},
	Needs: Tokens | ReadTable, Body: JSONBody, Serve: policyExplain,
}

func policyExplain(context.Context, *Services, *Request) (*Response, error) {
	return nil, errors.New("to be written")
}
