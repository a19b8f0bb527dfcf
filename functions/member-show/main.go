// Command member-show serves GET /v2/images/{image_id}/members/{member_id}.
package main

import (
	"github.com/gander-images/gander/shared/boot"
	"github.com/gander-images/gander/shared/httpapi"
)

func main() { boot.Serve(httpapi.MemberShow) }
