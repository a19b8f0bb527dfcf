// Command standalone is gander: every operation and every consumer in one
// process.
package main

import (
	"github.com/gander-images/gander/shared/boot"
	"github.com/gander-images/gander/shared/boot/account/chain"
)

func main() { boot.Standalone(chain.Load) }
