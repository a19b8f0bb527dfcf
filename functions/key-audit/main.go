// Command key-audit serves GET /gander/v1/keys/audit.
package main

import (
	"github.com/gander-images/gander/shared/boot"
	"github.com/gander-images/gander/shared/httpapi"
)

func main() { boot.Serve(httpapi.KeyAudit) }
