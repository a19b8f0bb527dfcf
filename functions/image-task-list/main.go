// Command image-task-list serves GET /v2/images/{image_id}/tasks.
package main

import (
	"github.com/gander-images/gander/shared/boot"
	"github.com/gander-images/gander/shared/httpapi"
)

func main() { boot.Serve(httpapi.ImageTaskList) }
