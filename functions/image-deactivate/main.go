// Command image-deactivate serves POST /v2/images/{image_id}/actions/deactivate.
package main

import (
	"github.com/gander-images/gander/shared/boot"
	"github.com/gander-images/gander/shared/httpapi"
)

func main() { boot.Serve(httpapi.ImageDeactivate) }
