// Command image-snapshot serves POST /gander/v1/images/snapshot.
package main

import (
	"github.com/gander-images/gander/shared/boot"
	"github.com/gander-images/gander/shared/httpapi"
)

func main() { boot.Serve(httpapi.ImageSnapshot) }
