// Command image-data-upload serves PUT /v2/images/{image_id}/file.
package main

import (
	"github.com/gander-images/gander/shared/boot"
	"github.com/gander-images/gander/shared/httpapi"
)

func main() { boot.Serve(httpapi.ImageDataUpload) }
