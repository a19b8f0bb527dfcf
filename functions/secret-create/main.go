// Command secret-create serves POST /key-manager/v1/secrets.
package main

import (
	"github.com/gander-images/gander/shared/boot"
	"github.com/gander-images/gander/shared/httpapi"
)

func main() { boot.Serve(httpapi.SecretCreate) }
