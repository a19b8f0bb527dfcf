// Command key-restore serves POST /gander/v1/keys/{key_id}/restore.
package main

import (
	"github.com/gander-images/gander/shared/boot"
	"github.com/gander-images/gander/shared/httpapi"
)

func main() { boot.Serve(httpapi.KeyRestore) }
