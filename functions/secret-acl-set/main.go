// Command secret-acl-set serves PUT and PATCH /key-manager/v1/secrets/{secret_id}/acl.
package main

import (
	"github.com/gander-images/gander/shared/boot"
	"github.com/gander-images/gander/shared/httpapi"
)

func main() { boot.Serve(httpapi.SecretACLSet) }
