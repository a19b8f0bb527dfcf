// Command secret-consumer-create serves POST /key-manager/v1/secrets/{secret_id}/consumers.
package main

import (
	"github.com/gander-images/gander/shared/boot"
	"github.com/gander-images/gander/shared/httpapi"
)

func main() { boot.Serve(httpapi.SecretConsumerCreate) }
