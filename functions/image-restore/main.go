// Command image-restore serves POST /gander/v1/images/{image_id}/restore.
package main

import (
	"github.com/gander-images/gander/shared/boot"
	"github.com/gander-images/gander/shared/httpapi"
)

func main() { boot.Serve(httpapi.ImageRestore) }
