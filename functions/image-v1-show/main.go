// Command image-v1-show serves GET and HEAD /v1/images/{image_id}.
package main

import (
	"github.com/gander-images/gander/shared/boot"
	"github.com/gander-images/gander/shared/httpapi"
)

func main() { boot.Serve(httpapi.ImageV1Show) }
