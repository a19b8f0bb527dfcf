package httpapi

import (
	"context"

	"github.com/gander-images/gander/shared/policy"
)

const ordersPath = keyManager + "/v1/orders"

var (
	// OrderCreate has a key made.
	OrderCreate = Operation{
		Name: "order-create", Methods: []string{"POST"}, Paths: []string{ordersPath},
		Rules: []policy.Rule{policy.OrdersPost},
		Needs: Tokens | ReadTable | WriteTable | WriteSecrets, Body: JSONBody, Serve: orderCreate,
	}
	// OrderList lists the orders of the caller's project.
	OrderList = Operation{
		Name: "order-list", Methods: []string{"GET"}, Paths: []string{ordersPath},
		Rules: []policy.Rule{policy.SecretGet},
		Needs: Tokens | ReadTable | ReadItems | ListTable, Body: Ignored, Serve: orderList,
	}
	// OrderShow shows an order.
	OrderShow = Operation{
		Name: "order-show", Methods: []string{"GET"}, Paths: []string{ordersPath + "/{order_id}"},
		Rules: []policy.Rule{policy.SecretGet},
		Needs: Tokens | ReadTable, Body: Ignored, Serve: orderShow,
	}
	// OrderDelete deletes an order, not what it made.
	OrderDelete = Operation{
		Name: "order-delete", Methods: []string{"DELETE"}, Paths: []string{ordersPath + "/{order_id}"},
		Rules: []policy.Rule{policy.OrderDelete},
		Needs: Tokens | ReadTable | WriteTable, Body: Ignored, Serve: orderDelete,
	}
)

func orderCreate(_ context.Context, _ *Services, _ *Request) (*Response, error) {
	return nil, errToBeWritten
}

func orderList(_ context.Context, _ *Services, _ *Request) (*Response, error) {
	return nil, errToBeWritten
}

func orderShow(_ context.Context, _ *Services, _ *Request) (*Response, error) {
	return nil, errToBeWritten
}

func orderDelete(_ context.Context, _ *Services, _ *Request) (*Response, error) {
	return nil, errToBeWritten
}
