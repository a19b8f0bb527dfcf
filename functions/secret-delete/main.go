// Command secret-delete serves DELETE /key-manager/v1/secrets/{secret_id}.
package main

import (
	"github.com/gander-images/gander/shared/boot"
	"github.com/gander-images/gander/shared/httpapi"
)

func main() { boot.Serve(httpapi.SecretDelete) }
