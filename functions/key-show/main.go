// Command key-show serves GET /gander/v1/keys/{key_id}.
package main

import (
	"github.com/gander-images/gander/shared/boot"
	"github.com/gander-images/gander/shared/httpapi"
)

func main() { boot.Serve(httpapi.KeyShow) }
