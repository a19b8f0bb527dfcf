// Command order-delete serves DELETE /key-manager/v1/orders/{order_id}.
package main

import (
	"github.com/gander-images/gander/shared/boot"
	"github.com/gander-images/gander/shared/httpapi"
)

func main() { boot.Serve(httpapi.OrderDelete) }
