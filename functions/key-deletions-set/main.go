// Command key-deletions-set serves PUT /gander/v1/keys/deletions.
package main

import (
	"github.com/gander-images/gander/shared/boot"
	"github.com/gander-images/gander/shared/httpapi"
)

func main() { boot.Serve(httpapi.KeyDeletionsSet) }
