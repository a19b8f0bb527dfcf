// Command consumer-list serves GET /gander/v1/consumers.
package main

import (
	"github.com/gander-images/gander/shared/boot"
	"github.com/gander-images/gander/shared/httpapi"
)

func main() { boot.Serve(httpapi.ConsumerList) }
