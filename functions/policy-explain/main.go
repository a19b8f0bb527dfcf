// Command policy-explain serves POST /gander/v1/policy/explain.
package main

import (
	"github.com/gander-images/gander/shared/boot"
	"github.com/gander-images/gander/shared/httpapi"
)

func main() { boot.Serve(httpapi.PolicyExplain) }
