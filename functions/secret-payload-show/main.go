// Command secret-payload-show serves GET /key-manager/v1/secrets/{secret_id}/payload.
package main

import (
	"github.com/gander-images/gander/shared/boot"
	"github.com/gander-images/gander/shared/httpapi"
)

func main() { boot.Serve(httpapi.SecretPayloadShow) }
