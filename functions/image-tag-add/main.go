// Command image-tag-add serves PUT /v2/images/{image_id}/tags/{tag_value}.
package main

import (
	"github.com/gander-images/gander/shared/boot"
	"github.com/gander-images/gander/shared/httpapi"
)

func main() { boot.Serve(httpapi.ImageTagAdd) }
