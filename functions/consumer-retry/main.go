// Command consumer-retry serves POST /gander/v1/consumers/{consumer_name}/retry.
package main

import (
	"github.com/gander-images/gander/shared/boot"
	"github.com/gander-images/gander/shared/httpapi"
)

func main() { boot.Serve(httpapi.ConsumerRetry) }
