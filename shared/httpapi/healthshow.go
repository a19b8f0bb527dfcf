package httpapi

import (
	"context"
	"errors"

	"github.com/gander-images/gander/shared/policy"
)

// HealthShow tells operators how the service is.
var HealthShow = Operation{
	Name: "health-show", Methods: []string{"GET"}, Paths: []string{ownAPI + "/health"},
	Rules: []policy.Rule{policy.GetHealth},
	Needs: Tokens | ReadTable, Serve: healthShow,
}

func healthShow(context.Context, *Services, *Request) (*Response, error) {
	return nil, errors.New("to be written")
}
