// Command info-stores-detail serves GET /v2/info/stores/detail.
package main

import (
	"github.com/gander-images/gander/shared/boot"
	"github.com/gander-images/gander/shared/httpapi"
)

func main() { boot.Serve(httpapi.InfoStoresDetail) }
