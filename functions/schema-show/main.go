// Command schema-show serves GET /v2/schemas/{schema_name}.
package main

import (
	"github.com/gander-images/gander/shared/boot"
	"github.com/gander-images/gander/shared/httpapi"
)

func main() { boot.Serve(httpapi.SchemaShow) }
