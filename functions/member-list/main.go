// Command member-list serves GET /v2/images/{image_id}/members.
package main

import (
	"github.com/gander-images/gander/shared/boot"
	"github.com/gander-images/gander/shared/httpapi"
)

func main() { boot.Serve(httpapi.MemberList) }
