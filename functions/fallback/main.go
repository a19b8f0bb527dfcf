// Command fallback serves what no other function does: other paths, and other methods on known ones.
package main

import (
	"github.com/gander-images/gander/shared/boot"
	"github.com/gander-images/gander/shared/httpapi"
)

func main() { boot.Serve(httpapi.Fallback) }
